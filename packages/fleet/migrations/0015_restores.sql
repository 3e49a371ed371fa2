CREATE TABLE "restores" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "restores_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone NOT NULL,
	"backup_made_at" timestamp with time zone NOT NULL,
	"seq_base" integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE "class_counters" ADD COLUMN "leapt" boolean DEFAULT false NOT NULL;