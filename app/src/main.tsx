import { render } from "preact";
import { App } from "./app.js";
import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/controls.css";
import "./style/results.css";
import "./style/fill.css";
import "./style/training.css";

render(<App />, document.getElementById("app")!);
