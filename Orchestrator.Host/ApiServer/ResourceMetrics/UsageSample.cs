using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Host.ApiServer.ResourceMetrics;

/// <summary>A container by the names that the API knows.</summary>
public readonly record struct ContainerName(string Namespace, string Pod, string Container);

/// <summary>What something has used until a moment.</summary>
/// <param name="CpuNanoSeconds">Processor time since it began.</param>
/// <param name="MemoryBytes">The working set at the moment.</param>
/// <param name="Since">When it began, where that is known.</param>
public readonly record struct Used(long CpuNanoSeconds, long MemoryBytes, DateTimeOffset? Since);

/// <summary>What something uses.</summary>
/// <param name="NanoCores">Processors in use on average, in billionths.</param>
public readonly record struct Usage(long NanoCores, long MemoryBytes);

/// <summary>What a node and its containers use over a window of time.</summary>
/// <param name="Node">Null where the node does not tell.</param>
public sealed record NodeUsage(DateTimeOffset Time, TimeSpan Window, Usage? Node, ImmutableDictionary<ContainerName, Usage> Containers);

/// <summary>What a node and its containers have used until a moment.</summary>
public sealed record UsageSample(DateTimeOffset Time, Used? Node, ImmutableDictionary<ContainerName, Used> Containers)
{
    private const long NanosPerTick = TimeSpan.NanosecondsPerTick;

    /// <summary>Reads a node's answer to <c>/stats/summary</c>; what it does not tell is left out.</summary>
    /// <exception cref="JsonException">The answer is no such document.</exception>
    public static UsageSample Parse(ReadOnlyMemory<byte> summary, DateTimeOffset time)
    {
        using var document = JsonDocument.Parse(summary);
        var containers = ImmutableDictionary.CreateBuilder<ContainerName, Used>();
        foreach (var pod in Items(document.RootElement, "pods"))
        {
            var (ns, name) = (Text(Get(pod, "podRef"), "namespace"), Text(Get(pod, "podRef"), "name"));
            foreach (var container in Items(pod, "containers"))
                if (ReadUsed(container) is { } used) containers[new ContainerName(ns, name, Text(container, "name"))] = used;
        }
        return new UsageSample(time, ReadUsed(Get(document.RootElement, "node")), containers.ToImmutable());
    }

    /// <summary>What is used between two samples of a node. What began within them counts from its beginning; what cannot be told is left out.</summary>
    public static NodeUsage Between(UsageSample older, UsageSample newer)
    {
        var window = newer.Time - older.Time;
        var containers = newer.Containers.Select(c => (c.Key, Usage: Rate(older.Containers.TryGetValue(c.Key, out var before) ? before : null, older.Time, c.Value, newer.Time)))
            .Where(static c => c.Usage is not null).ToImmutableDictionary(static c => c.Key, static c => c.Usage!.Value);
        return new NodeUsage(newer.Time, window, newer.Node is { } node ? Rate(older.Node, older.Time, node, newer.Time) : null, containers);
    }

    private static Usage? Rate(Used? before, DateTimeOffset beforeTime, Used now, DateTimeOffset time)
    {
        // A container that began anew in between has less behind it than the one before.
        var (from, used) = before is { } b && b.CpuNanoSeconds <= now.CpuNanoSeconds && (now.Since is null || b.Since == now.Since)
            ? (beforeTime, now.CpuNanoSeconds - b.CpuNanoSeconds)
            : (now.Since ?? time, now.CpuNanoSeconds);
        var nanos = (time - from).Ticks * (double)NanosPerTick;
        return nanos <= 0 ? null : new Usage((long)(used * 1e9 / nanos), now.MemoryBytes);
    }

    private static Used? ReadUsed(JsonElement owner)
    {
        if (Get(Get(owner, "cpu"), "usageCoreNanoSeconds") is not { ValueKind: JsonValueKind.Number } cpu || !cpu.TryGetInt64(out var nanos)
            || Get(Get(owner, "memory"), "workingSetBytes") is not { ValueKind: JsonValueKind.Number } memory || !memory.TryGetInt64(out var bytes)) return null;
        return new Used(nanos, bytes, DateTimeOffset.TryParse(Text(owner, "startTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since) ? since : null);
    }

    private static JsonElement Get(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) ? value : default;

    private static string Text(JsonElement owner, string name) => Get(owner, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private static JsonElement.ArrayEnumerator Items(JsonElement owner, string name) =>
        Get(owner, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : default;
}
