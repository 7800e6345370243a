import { render } from "preact";
import { App, type AppProps } from "./app.js";
import "uplot/dist/uPlot.min.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/controls.css";
import "./style/results.css";
import "./style/fill.css";
import "./style/training.css";

/** Shows the app with these pages. */
export const start = (props: AppProps): void =>
  render(<App {...props} />, document.getElementById("app")!);
