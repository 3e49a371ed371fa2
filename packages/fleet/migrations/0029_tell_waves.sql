CREATE FUNCTION tell_wave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	-- Of a rollout in one wave, the state of the rollout says it all.
	PERFORM tell_webhooks(NEW."tenant", 'rollout.wave', jsonb_build_object(
		'rollout', r."id", 'release', r."release", 'deviceClass', r."device_class", 'version', r."version",
		'wave', NEW."index", 'name', NEW."name", 'state', NEW."state"))
	FROM "rollouts" r WHERE r."id" = NEW."rollout" AND (NEW."state" = 'pending' OR EXISTS (
		SELECT FROM "rollout_waves" other WHERE other."rollout" = NEW."rollout" AND other."index" <> NEW."index"));
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "rollout_waves_tell" AFTER UPDATE OF "state" ON "rollout_waves" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state") EXECUTE FUNCTION tell_wave();
