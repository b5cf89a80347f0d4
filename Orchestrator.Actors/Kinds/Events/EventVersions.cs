using System.Text.Json.Nodes;

namespace Orchestrator.Actors.Kinds.Events;

/// <summary>Brings events from events.k8s.io/v1 to v1, in which they are stored, and back.</summary>
/// <remarks>The two differ in the names of fields alone, so nothing is lost either way.</remarks>
public static class EventVersions
{
    private static readonly (string Core, string Events)[] Renames =
    [
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
        ("count", "deprecatedCount"),
        ("reportingComponent", "reportingController"),
    ];

    /// <summary>Changes an event of events.k8s.io/v1 into one of v1, in place.</summary>
    public static void ToCore(JsonObject tree)
    {
        tree["apiVersion"] = "v1";
        foreach (var (core, events) in Renames) Rename(tree, events, core);
    }

    /// <summary>Changes an event of v1 into one of events.k8s.io/v1, in place.</summary>
    public static void ToEvents(JsonObject tree)
    {
        tree["apiVersion"] = "events.k8s.io/v1";
        foreach (var (core, events) in Renames) Rename(tree, core, events);
    }

    private static void Rename(JsonObject tree, string from, string to)
    {
        if (!tree.Remove(from, out var value)) return;
        tree[to] = value;
    }
}
