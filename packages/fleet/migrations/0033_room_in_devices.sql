DROP INDEX "devices_assigned";--> statement-breakpoint
DROP INDEX "rollout_hints_rollout";--> statement-breakpoint
CREATE INDEX "rollout_hints_rollout" ON "rollout_hints" USING btree ("rollout","unwell" DESC NULLS FIRST,"id");--> statement-breakpoint
-- Room in each page, so that a row which changes stays in it and no index has to know.
ALTER TABLE "devices" SET (fillfactor = 80);
