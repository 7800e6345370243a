import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
import { fieldsOf } from "../schemas/inputs.js";
import { predictRequest, predictResponse } from "../schemas/predict.js";

export function addPredict(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/predict",
      summary: "Predictions of a fine-tuned model.",
      request: predictRequest,
      response: predictResponse,
    },
    async ({ inputs, truncate, model: name }, call) => {
      const model = call.model(name);
      const fields = fieldsOf("inputs", inputs);
      call.count("inputs", fields.length);
      const items = fields.map(([{ text, text_pair, image }, param]) => ({
        ...{ param, truncate },
        ...(text !== undefined && { text }),
        ...(text_pair !== undefined && { textPair: text_pair }),
        ...(image !== undefined && { image: call.image(image, `${param}.image`) }),
      }));
      const found = await model.predict(items, call);
      return {
        data: found.map((prediction, index) => ({ index, ...prediction })),
        model: model.name,
      };
    },
  );
}
