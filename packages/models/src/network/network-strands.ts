import { z } from "zod";

/**
 * What a network that is not strand-shared makes of the two strands of a window: "forward" sees it as it is;
 * "separate" trains on both strands as samples of their own and predicts it as it is (AgentBind); "mean" trains so
 * too, and averages the predictions of both strands.
 */
export const networkStrands = z.enum(["forward", "separate", "mean"]);

export type NetworkStrands = z.output<typeof networkStrands>;
