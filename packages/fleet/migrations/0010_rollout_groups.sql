ALTER TABLE "rollouts" ADD COLUMN "group" text;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "query" text;