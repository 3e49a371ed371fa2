ALTER TABLE "rollouts" ADD COLUMN "offline_patience_seconds" integer;--> statement-breakpoint
ALTER TABLE "rollouts" ADD COLUMN "forgotten" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- What of a rollout that is over is forgotten counts as before.
CREATE OR REPLACE FUNCTION count_members_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO "rollout_tallies" AS t ("rollout", "wave", "state", "count")
	SELECT "rollout", coalesce("wave", -1), "state", -count(*) FROM "then_rows"
	WHERE "rollout" NOT IN (SELECT "id" FROM "rollouts" WHERE "forgotten") GROUP BY 1, 2, 3
	ON CONFLICT ("rollout", "wave", "state") DO UPDATE SET "count" = t."count" + excluded."count";
	RETURN NULL;
END $$;
