using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>What becomes of the objects that name a deleted one as their owner.</summary>
public enum PropagationPolicy : byte
{
    /// <summary>Not said: what the object's finalizers say, else what its kind does.</summary>
    Unspecified,
    Background,
    Foreground,
    Orphan,
}

/// <summary>How a deletion is to be done: DeleteOptions of meta/v1.</summary>
public sealed record DeleteOptions
{
    public static DeleteOptions Default { get; } = new();

    /// <summary>Seconds between the request and the end of the object; null leaves it to the kind.</summary>
    public long? GracePeriodSeconds { get; init; }

    public PropagationPolicy Propagation { get; init; }

    /// <summary>The former way to say Orphan (true) or Background (false).</summary>
    public bool? OrphanDependents { get; init; }

    /// <summary>Whether it is said what becomes of dependents; otherwise the object's finalizers or its kind decide.</summary>
    public bool SaysPolicy => OrphanDependents is not null || Propagation != PropagationPolicy.Unspecified;

    public bool DryRun { get; init; }

    /// <summary>The deletion is refused with a Conflict when the object has another uid.</summary>
    public string? Uid { get; init; }

    /// <summary>The deletion is refused with a Conflict when the object is at another version.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>The deletion is refused with a Conflict when the object has other owners; null when that does not matter.</summary>
    public ImmutableArray<OwnerReference>? Owners { get; init; }

    /// <summary>What the request says of options, for those that are asked at admission; null when all are at their defaults. Not to be changed.</summary>
    public JsonObject? Given { get; init; }

    /// <summary>Who asks.</summary>
    public UserInfo User { get; init; } = UserInfo.ApiServer;

    /// <summary>Where admission puts its remarks; null when nobody reads them.</summary>
    public AdmissionNotes? Notes { get; init; }

    /// <summary>Reads a DeleteOptions object; its types have been checked.</summary>
    public static (DeleteOptions? Options, ApiError? Error) Read(JsonObject body)
    {
        var faults = new FaultList();
        var policy = ReadPropagation(JsonTree.String(body, "propagationPolicy"), faults);
        var orphan = JsonTree.Bool(body, "orphanDependents");
        if (orphan is not null && body["propagationPolicy"] is not null)
            faults.Invalid(FieldPath.Of("propagationPolicy"), JsonTree.String(body, "propagationPolicy"),
                "orphanDependents and deletionPropagation cannot be both set");
        var preconditions = JsonTree.Object(body, "preconditions");
        var options = new DeleteOptions
        {
            GracePeriodSeconds = JsonTree.Int64(body, "gracePeriodSeconds"),
            Propagation = policy,
            OrphanDependents = orphan,
            DryRun = ReadDryRun(JsonTree.Array(body, "dryRun"), faults),
            Uid = JsonTree.String(preconditions, "uid"),
            ResourceVersion = JsonTree.String(preconditions, "resourceVersion"),
        };
        return faults.ToError("meta.k8s.io", "DeleteOptions", "") is { } error ? (null, error) : (options, null);
    }

    private static PropagationPolicy ReadPropagation(string? text, FaultList faults)
    {
        switch (text)
        {
            case null: return PropagationPolicy.Unspecified;
            case "Background": return PropagationPolicy.Background;
            case "Foreground": return PropagationPolicy.Foreground;
            case "Orphan": return PropagationPolicy.Orphan;
            default:
                faults.NotSupported(FieldPath.Of("propagationPolicy"), text, ["Foreground", "Background", "Orphan", "nil"]);
                return PropagationPolicy.Unspecified;
        }
    }

    private static bool ReadDryRun(JsonArray? values, FaultList faults)
    {
        if (values is null || values.Count == 0) return false;
        if (values.Any(static value => JsonTree.AsString(value) != "All")) faults.NotSupported(FieldPath.Of("dryRun"), values, ["All"]);
        return true;
    }
}
