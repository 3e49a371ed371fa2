CREATE TABLE "audit" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant" text DEFAULT 'default' NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "builds" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"release" text NOT NULL,
	"device_class" text NOT NULL,
	"version" text NOT NULL,
	"counter" integer NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"step" text DEFAULT 'queued' NOT NULL,
	"percent" real DEFAULT 0 NOT NULL,
	"code" text,
	"message" text,
	"artifacts" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "builds_release_unique" UNIQUE("release")
);
--> statement-breakpoint
CREATE TABLE "claims" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"token_sha256" text NOT NULL,
	"device_class" text NOT NULL,
	"arch" text NOT NULL,
	"device_id" text NOT NULL,
	"key_sha256" text,
	"used_at" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "claims_token_sha256_unique" UNIQUE("token_sha256")
);
--> statement-breakpoint
CREATE TABLE "class_counters" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device_class" text NOT NULL,
	"counter" integer NOT NULL,
	CONSTRAINT "class_counters_tenant_device_class_pk" PRIMARY KEY("tenant","device_class")
);
--> statement-breakpoint
CREATE TABLE "device_reports" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"device" text NOT NULL,
	"seq" integer NOT NULL,
	"report" jsonb NOT NULL,
	"refused" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "device_reports_tenant_device_seq_pk" PRIMARY KEY("tenant","device","seq")
);
--> statement-breakpoint
CREATE TABLE "devices" (
	"tenant" text DEFAULT 'default' NOT NULL,
	"id" text NOT NULL,
	"device_class" text NOT NULL,
	"arch" text NOT NULL,
	"online" boolean DEFAULT false NOT NULL,
	"connection" integer DEFAULT 0 NOT NULL,
	"death_connection" integer DEFAULT 0 NOT NULL,
	"health" text,
	"active_slot" text,
	"slots" jsonb,
	"release" text,
	"version" text,
	"agent_version" text,
	"boot_id" text,
	"services" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"desired_seq" integer DEFAULT 0 NOT NULL,
	"assignment" jsonb,
	"enrolled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone,
	"certificate_expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "devices_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE TABLE "execution_history" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "execution_history_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"execution" text NOT NULL,
	"state" text NOT NULL,
	"code" text,
	"boot_id" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "executions" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"rollout" text NOT NULL,
	"device" text NOT NULL,
	"release" text NOT NULL,
	"state" text DEFAULT 'OFFERED' NOT NULL,
	"code" text,
	"message" text,
	"status_seq" integer DEFAULT 0 NOT NULL,
	"bytes_done" bigint DEFAULT 0 NOT NULL,
	"bytes_total" bigint NOT NULL,
	"bytes_received" bigint DEFAULT 0 NOT NULL,
	"bytes_reused" bigint DEFAULT 0 NOT NULL,
	"deadline_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "releases" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"build" text NOT NULL,
	"device_class" text NOT NULL,
	"arch" text NOT NULL,
	"version" text NOT NULL,
	"counter" integer NOT NULL,
	"state" text DEFAULT 'draft' NOT NULL,
	"root_hash" text NOT NULL,
	"bundle_digest" text NOT NULL,
	"bundle_size" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "releases_build_unique" UNIQUE("build")
);
--> statement-breakpoint
CREATE TABLE "rollouts" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"release" text NOT NULL,
	"device_class" text NOT NULL,
	"version" text NOT NULL,
	"state" text DEFAULT 'running' NOT NULL,
	"reason" text,
	"failure_threshold" integer NOT NULL,
	"max_in_flight" integer NOT NULL,
	"devices" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"sha256" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT 'default' NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "execution_history" ADD CONSTRAINT "execution_history_execution_executions_id_fk" FOREIGN KEY ("execution") REFERENCES "public"."executions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "executions" ADD CONSTRAINT "executions_rollout_rollouts_id_fk" FOREIGN KEY ("rollout") REFERENCES "public"."rollouts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "releases" ADD CONSTRAINT "releases_build_builds_id_fk" FOREIGN KEY ("build") REFERENCES "public"."builds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rollouts" ADD CONSTRAINT "rollouts_release_releases_id_fk" FOREIGN KEY ("release") REFERENCES "public"."releases"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_at" ON "audit" USING btree ("tenant","at");--> statement-breakpoint
CREATE UNIQUE INDEX "builds_counter" ON "builds" USING btree ("tenant","device_class","counter");--> statement-breakpoint
CREATE INDEX "builds_created" ON "builds" USING btree ("tenant","created_at");--> statement-breakpoint
CREATE INDEX "devices_class" ON "devices" USING btree ("tenant","device_class");--> statement-breakpoint
CREATE INDEX "execution_history_execution" ON "execution_history" USING btree ("execution","id");--> statement-breakpoint
CREATE UNIQUE INDEX "executions_once" ON "executions" USING btree ("rollout","device");--> statement-breakpoint
CREATE UNIQUE INDEX "executions_live" ON "executions" USING btree ("tenant","device") WHERE "executions"."state" in ('OFFERED', 'ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL');--> statement-breakpoint
CREATE INDEX "executions_deadline" ON "executions" USING btree ("deadline_at") WHERE "executions"."state" in ('OFFERED', 'ACCEPTED', 'DOWNLOADING', 'VERIFIED', 'INSTALLING', 'REBOOTING', 'TRIAL');--> statement-breakpoint
CREATE INDEX "releases_created" ON "releases" USING btree ("tenant","created_at");--> statement-breakpoint
CREATE INDEX "releases_bundle" ON "releases" USING btree ("bundle_digest");--> statement-breakpoint
CREATE INDEX "rollouts_created" ON "rollouts" USING btree ("tenant","created_at");