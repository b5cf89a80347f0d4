using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.CronJobs;

/// <summary>A job that the status of a cron job calls active.</summary>
public sealed record ActiveJob(string Name, string Uid);

/// <summary>The parts of a CronJob that its controller reads; parsed once per version.</summary>
public sealed class CronJobView
{
    private CronJobView(StoredObject source, JsonElement root)
    {
        Source = source;
        var spec = root.Get("spec");
        var status = root.Get("status");
        Schedule = spec.Text("schedule");
        TimeZone = spec.Get("timeZone").Exists() ? spec.Text("timeZone") : null;
        Suspended = spec.Flag("suspend");
        Concurrency = spec.Text("concurrencyPolicy");
        StartingDeadlineSeconds = Optional(spec, "startingDeadlineSeconds");
        SuccessfulKept = Optional(spec, "successfulJobsHistoryLimit");
        FailedKept = Optional(spec, "failedJobsHistoryLimit");
        Active = [.. status.Items("active").Select(static a => new ActiveJob(a.Text("name"), a.Text("uid")))];
        LastScheduleTime = KindTime.Read(status, "lastScheduleTime");
        LastSuccessfulTime = KindTime.Read(status, "lastSuccessfulTime");
    }

    public StoredObject Source { get; }
    public ObjectKey Key => Source.Key;
    public ObjectMeta Meta => Source.Meta;
    public string Uid => Meta.Uid;
    public string Schedule { get; }

    /// <summary>Null for the zone of the controller, which is UTC.</summary>
    public string? TimeZone { get; }

    public bool Suspended { get; }

    /// <summary>Allow, Forbid or Replace.</summary>
    public string Concurrency { get; }

    public long? StartingDeadlineSeconds { get; }

    /// <summary>Most finished jobs that are kept (count); null for all.</summary>
    public long? SuccessfulKept { get; }

    public long? FailedKept { get; }
    public ImmutableArray<ActiveJob> Active { get; }
    public DateTimeOffset? LastScheduleTime { get; }
    public DateTimeOffset? LastSuccessfulTime { get; }

    public OwnerIdentity Identity => new("batch/v1", "CronJob", Key.Name, Uid);

    public static CronJobView Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new CronJobView(o, document.RootElement);
    });

    private static long? Optional(JsonElement spec, string name) => spec.Get(name).Exists() ? spec.Number(name) : null;
}
