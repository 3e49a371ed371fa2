CREATE FUNCTION tell_qualification() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	PERFORM tell_webhooks(NEW."tenant", 'qualification.' || NEW."state", jsonb_build_object(
		'release', r."id", 'build', r."build", 'deviceClass', r."device_class", 'version', r."version",
		'from', NEW."from_release", 'state', NEW."state", 'code', NEW."code", 'message', NEW."message"))
	FROM "releases" r WHERE r."id" = NEW."release";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "qualifications_tell" AFTER UPDATE OF "state" ON "qualifications" FOR EACH ROW
	WHEN (NEW."state" <> OLD."state" AND NEW."state" IN ('passed', 'failed')) EXECUTE FUNCTION tell_qualification();
