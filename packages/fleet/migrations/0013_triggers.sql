CREATE TABLE "sources" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"name" text NOT NULL,
	"url" text NOT NULL,
	"branch" text NOT NULL,
	"credentials_kind" text,
	"credentials" text,
	"commit" text,
	"fetched_at" timestamp with time zone,
	"code" text,
	"message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "trigger_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"trigger" text NOT NULL,
	"event" text NOT NULL,
	"event_id" text,
	"body_sha256" text,
	"verdict" text NOT NULL,
	"code" text,
	"reason" text NOT NULL,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"run" text,
	"replays" integer DEFAULT 0 NOT NULL,
	"replayed_at" timestamp with time zone,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "trigger_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"trigger" text NOT NULL,
	"key" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"cause" jsonb NOT NULL,
	"classes" jsonb,
	"due_at" timestamp with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"leased_until" timestamp with time zone,
	"code" text,
	"message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "triggered_builds" (
	"run" text NOT NULL,
	"device_class" text NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"trigger" text NOT NULL,
	"key" text NOT NULL,
	"rank" integer NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"plan" jsonb NOT NULL,
	"channel" text,
	"build" text,
	"release" text,
	"rollout" text,
	"code" text,
	"message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "triggered_builds_run_device_class_pk" PRIMARY KEY("run","device_class")
);
--> statement-breakpoint
CREATE TABLE "triggers" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"name" text NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	"source" text,
	"classes" jsonb,
	"on" jsonb NOT NULL,
	"rule" jsonb NOT NULL,
	"per_class" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"window_seconds" real NOT NULL,
	"max_builds" integer NOT NULL,
	"secret" text,
	"next_at" timestamp with time zone,
	"memory" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "trigger_deliveries" ADD CONSTRAINT "trigger_deliveries_trigger_triggers_id_fk" FOREIGN KEY ("trigger") REFERENCES "public"."triggers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trigger_runs" ADD CONSTRAINT "trigger_runs_trigger_triggers_id_fk" FOREIGN KEY ("trigger") REFERENCES "public"."triggers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggered_builds" ADD CONSTRAINT "triggered_builds_run_trigger_runs_id_fk" FOREIGN KEY ("run") REFERENCES "public"."trigger_runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggered_builds" ADD CONSTRAINT "triggered_builds_trigger_triggers_id_fk" FOREIGN KEY ("trigger") REFERENCES "public"."triggers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "triggers" ADD CONSTRAINT "triggers_source_sources_id_fk" FOREIGN KEY ("source") REFERENCES "public"."sources"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "sources_name" ON "sources" USING btree ("tenant","name");--> statement-breakpoint
CREATE UNIQUE INDEX "trigger_deliveries_event" ON "trigger_deliveries" USING btree ("trigger","event_id") WHERE "trigger_deliveries"."verdict" <> 'refused';--> statement-breakpoint
CREATE UNIQUE INDEX "trigger_deliveries_body" ON "trigger_deliveries" USING btree ("trigger","body_sha256") WHERE "trigger_deliveries"."verdict" <> 'refused';--> statement-breakpoint
CREATE INDEX "trigger_deliveries_at" ON "trigger_deliveries" USING btree ("trigger","at","id");--> statement-breakpoint
CREATE INDEX "trigger_deliveries_run" ON "trigger_deliveries" USING btree ("run");--> statement-breakpoint
CREATE UNIQUE INDEX "trigger_runs_waiting" ON "trigger_runs" USING btree ("trigger","key") WHERE "trigger_runs"."state" = 'waiting';--> statement-breakpoint
CREATE INDEX "trigger_runs_open" ON "trigger_runs" USING btree ("due_at") WHERE "trigger_runs"."state" in ('waiting', 'running');--> statement-breakpoint
CREATE INDEX "trigger_runs_trigger" ON "trigger_runs" USING btree ("trigger","created_at");--> statement-breakpoint
CREATE INDEX "triggered_builds_build" ON "triggered_builds" USING btree ("build");--> statement-breakpoint
CREATE INDEX "triggered_builds_open" ON "triggered_builds" USING btree ("rank","created_at") WHERE "triggered_builds"."state" in ('waiting', 'building', 'published');--> statement-breakpoint
CREATE UNIQUE INDEX "triggers_name" ON "triggers" USING btree ("tenant","name");--> statement-breakpoint
CREATE INDEX "triggers_due" ON "triggers" USING btree ("next_at") WHERE "triggers"."enabled" and "triggers"."next_at" is not null;