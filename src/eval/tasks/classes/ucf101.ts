import { namesIn } from "./names-in.js";

/** As CLIP names them, in the order of the set. */
export const ucf101Classes = namesIn(`
  Apply Eye Makeup; Apply Lipstick; Archery; Baby Crawling; Balance Beam; Band Marching; Baseball Pitch; Basketball;
  Basketball Dunk; Bench Press; Biking; Billiards; Blow Dry Hair; Blowing Candles; Body Weight Squats; Bowling;
  Boxing Punching Bag; Boxing Speed Bag; Breast Stroke; Brushing Teeth; Clean And Jerk; Cliff Diving; Cricket Bowling;
  Cricket Shot; Cutting In Kitchen; Diving; Drumming; Fencing; Field Hockey Penalty; Floor Gymnastics; Frisbee Catch;
  Front Crawl; Golf Swing; Haircut; Hammer Throw; Hammering; Hand Stand Pushups; Handstand Walking; Head Massage;
  High Jump; Horse Race; Horse Riding; Hula Hoop; Ice Dancing; Javelin Throw; Juggling Balls; Jump Rope; Jumping Jack;
  Kayaking; Knitting; Long Jump; Lunges; Military Parade; Mixing; Mopping Floor; Nunchucks; Parallel Bars;
  Pizza Tossing; Playing Cello; Playing Daf; Playing Dhol; Playing Flute; Playing Guitar; Playing Piano;
  Playing Sitar; Playing Tabla; Playing Violin; Pole Vault; Pommel Horse; Pull Ups; Punch; Push Ups; Rafting;
  Rock Climbing Indoor; Rope Climbing; Rowing; Salsa Spin; Shaving Beard; Shotput; Skate Boarding; Skiing; Skijet;
  Sky Diving; Soccer Juggling; Soccer Penalty; Still Rings; Sumo Wrestling; Surfing; Swing; Table Tennis Shot;
  Tai Chi; Tennis Swing; Throw Discus; Trampoline Jumping; Typing; Uneven Bars; Volleyball Spiking; Walking With Dog;
  Wall Pushups; Writing On Board; Yo Yo
`);
