using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds;

/// <summary>Rules that ConfigMaps and Secrets share: the keys, the size of all, and being frozen.</summary>
internal static class KeyedData
{
    /// <summary>The most that all values together may hold (bytes).</summary>
    /// <remarks>Source: MaxSecretSize of kubernetes pkg/apis/core.</remarks>
    public const int BytesMax = 1024 * 1024;

    public static void ValidateKeys(JsonObject? data, FieldPath path, FaultList faults)
    {
        if (data is null) return;
        foreach (var (key, _) in data)
            if (ObjectNames.ConfigKey(key) is { } fault) faults.Invalid(path.Key(key), key, fault);
    }

    /// <summary>How many bytes the texts of a map hold.</summary>
    public static long TextBytes(JsonObject? data) => data?.Sum(static e => (long)Encoding.UTF8.GetByteCount(JsonTree.AsString(e.Value) ?? "")) ?? 0;

    /// <summary>How many bytes the base64 texts of a map stand for.</summary>
    public static long DecodedBytes(JsonObject? data) => data?.Sum(static e =>
        JsonTree.AsString(e.Value) is { } text ? (text.Length / 4L * 3) - text.AsSpan()[^Math.Min(2, text.Length)..].Count('=') : 0) ?? 0;

    /// <param name="path">Of what is told to be too long: the data of a secret, but the whole of a config map.</param>
    public static void ValidateSize(long bytes, FieldPath path, FaultList faults)
    {
        if (bytes > BytesMax) faults.TooLong(path, BytesMax);
    }

    /// <summary>What says that it is immutable stays so, with all that it holds.</summary>
    public static void ValidateFrozen(JsonObject tree, JsonObject stored, ReadOnlySpan<string> fields, FaultList faults)
    {
        const string Frozen = "field is immutable when `immutable` is set";
        if (JsonTree.Bool(stored, "immutable") != true) return;
        if (JsonTree.Bool(tree, "immutable") != true) faults.Forbidden(FieldPath.Of("immutable"), Frozen);
        foreach (var field in fields)
            if (!Same(tree[field] as JsonObject, stored[field] as JsonObject)) faults.Forbidden(FieldPath.Of(field), Frozen);
    }

    private static bool Same(JsonObject? data, JsonObject? before) =>
        (data?.Count ?? 0) == 0 ? (before?.Count ?? 0) == 0 : JsonTree.DeepEquals(data, before);
}
