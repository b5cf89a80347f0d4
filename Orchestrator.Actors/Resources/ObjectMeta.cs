using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>One entry of <c>metadata.ownerReferences</c>.</summary>
public sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid, bool Controller, bool BlockOwnerDeletion);

/// <summary>The metadata that our own code reads; parsed once per object version and shared.</summary>
public sealed record ObjectMeta
{
    public required string Name { get; init; }
    public string Namespace { get; init; } = "";
    public string Uid { get; init; } = "";
    public string GenerateName { get; init; } = "";
    public long Generation { get; init; }

    /// <summary>The version that the bytes name; 0 when they name none.</summary>
    public long ResourceVersion { get; init; }
    public DateTimeOffset CreationTimestamp { get; init; }
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public long? DeletionGracePeriodSeconds { get; init; }
    public IReadOnlyDictionary<string, string> Labels { get; init; } = ReadOnlyDictionary<string, string>.Empty;
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = ReadOnlyDictionary<string, string>.Empty;
    public ImmutableArray<OwnerReference> OwnerReferences { get; init; } = [];
    public ImmutableArray<string> Finalizers { get; init; } = [];

    public bool Deleting => DeletionTimestamp is not null;

    /// <summary>The owner that manages this object, if one does.</summary>
    public OwnerReference? Controller
    {
        get
        {
            foreach (var owner in OwnerReferences)
                if (owner.Controller) return owner;
            return null;
        }
    }

    /// <summary>Reads <c>metadata</c> of a whole object; the rest of the bytes is skipped, not parsed into values.</summary>
    /// <exception cref="JsonException">The bytes are not a JSON object with metadata.</exception>
    /// <param name="json">The object.</param>
    /// <param name="key">Its key, where that is known: the strings of it are kept once.</param>
    public static ObjectMeta Parse(ReadOnlySpan<byte> json, ObjectKey key = default)
    {
        var reader = new Utf8JsonReader(json);
        return ObjectJson.Enter(ref reader, "metadata"u8) ? Read(ref reader, key) : throw new JsonException("the object has no metadata");
    }

    /// <summary>Two maps of labels or annotations say the same.</summary>
    public static bool AreEqual(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b)
    {
        if (ReferenceEquals(a, b)) return true;
        if (a.Count != b.Count) return false;
        foreach (var (name, value) in a)
            if (!b.TryGetValue(name, out var other) || other != value) return false;
        return true;
    }

    /// <summary>Reads <c>metadata</c>; the reader stands on its first token and is left on its last.</summary>
    internal static ObjectMeta Read(ref Utf8JsonReader reader, ObjectKey key)
    {
        var meta = new ObjectMetaReader(key);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) meta.ReadProperty(ref reader);
        return meta.ToMeta();
    }
}
