/** What each of several processes of `flava serve` runs. */
import { answerConnections } from "../../serve/processes/answer-connections.js";
import { type ServeFlags, openServer } from "./open-server.js";

answerConnections((flags, group) => openServer(flags as ServeFlags, group));
