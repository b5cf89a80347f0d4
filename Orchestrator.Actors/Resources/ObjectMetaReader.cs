using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Actors.Resources;

/// <summary>Gathers the properties of <c>metadata</c> while a reader walks them.</summary>
internal ref struct ObjectMetaReader
{
    private string _name, _namespace, _uid, _generateName;
    private long _generation, _version;
    private long? _grace;
    private DateTimeOffset _created;
    private DateTimeOffset? _deleted;
    private Dictionary<string, string>? _labels, _annotations;
    private ImmutableArray<OwnerReference> _owners;
    private ImmutableArray<string> _finalizers;

    private readonly ObjectKey _key;

    /// <param name="key">The object's, whose name is kept once; the default where it is not known.</param>
    public ObjectMetaReader(ObjectKey key)
    {
        _key = key;
        _name = _namespace = _uid = _generateName = "";
        _owners = [];
        _finalizers = [];
    }

    /// <summary>Reads one property; the reader stands on its name and is left on the last token of its value.</summary>
    public void ReadProperty(ref Utf8JsonReader reader)
    {
        var property = PropertyOf(ref reader);
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return;
        switch (property)
        {
            case Property.Name: _name = _key.Name is { } known && reader.ValueTextEquals(known) ? known : reader.GetString()!; break;
            case Property.Namespace: _namespace = RecentStrings.Read(ref reader); break;
            case Property.Uid: _uid = reader.GetString()!; break;
            case Property.GenerateName: _generateName = reader.GetString()!; break;
            case Property.Generation: _generation = reader.GetInt64(); break;
            case Property.Version: _version = long.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var v) ? v : 0; break;
            case Property.Grace: _grace = reader.GetInt64(); break;
            case Property.Created: _created = ReadTime(ref reader) ?? default; break;
            case Property.Deleted: _deleted = ReadTime(ref reader); break;
            case Property.Labels: _labels = ReadMap(ref reader); break;
            case Property.Annotations: _annotations = ReadMap(ref reader); break;
            case Property.Owners: _owners = ReadOwners(ref reader); break;
            case Property.Finalizers: _finalizers = ReadStrings(ref reader); break;
            default: reader.Skip(); break;
        }
    }

    public readonly ObjectMeta ToMeta() => new()
    {
        Name = _name,
        Namespace = _namespace,
        Uid = _uid,
        GenerateName = _generateName,
        Generation = _generation,
        ResourceVersion = _version,
        CreationTimestamp = _created,
        DeletionTimestamp = _deleted,
        DeletionGracePeriodSeconds = _grace,
        Labels = Map(_labels),
        Annotations = Map(_annotations),
        OwnerReferences = _owners,
        Finalizers = _finalizers,
    };

    private enum Property { Other, Name, Namespace, Uid, GenerateName, Generation, Version, Grace, Created, Deleted, Labels, Annotations, Owners, Finalizers }

    private static Property PropertyOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("resourceVersion"u8)) return Property.Version;
        if (reader.ValueTextEquals("name"u8)) return Property.Name;
        if (reader.ValueTextEquals("namespace"u8)) return Property.Namespace;
        if (reader.ValueTextEquals("uid"u8)) return Property.Uid;
        if (reader.ValueTextEquals("labels"u8)) return Property.Labels;
        if (reader.ValueTextEquals("annotations"u8)) return Property.Annotations;
        if (reader.ValueTextEquals("creationTimestamp"u8)) return Property.Created;
        if (reader.ValueTextEquals("ownerReferences"u8)) return Property.Owners;
        if (reader.ValueTextEquals("generation"u8)) return Property.Generation;
        if (reader.ValueTextEquals("generateName"u8)) return Property.GenerateName;
        if (reader.ValueTextEquals("finalizers"u8)) return Property.Finalizers;
        if (reader.ValueTextEquals("deletionTimestamp"u8)) return Property.Deleted;
        return reader.ValueTextEquals("deletionGracePeriodSeconds"u8) ? Property.Grace : Property.Other;
    }

    // The short way is ISO 8601's, which takes a time without an offset for a local one.
    private static DateTimeOffset? ReadTime(ref Utf8JsonReader reader) =>
        reader.ValueSpan.EndsWith("Z"u8) && reader.TryGetDateTimeOffset(out var utc) ? utc
        : DateTimeOffset.TryParse(reader.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static IReadOnlyDictionary<string, string> Map(Dictionary<string, string>? map) =>
        map is null ? ReadOnlyDictionary<string, string>.Empty : map;

    private static Dictionary<string, string> ReadMap(ref Utf8JsonReader reader)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = RecentStrings.Read(ref reader);
            reader.Read();
            map[name] = reader.TokenType == JsonTokenType.String ? RecentStrings.Read(ref reader) : "";
            reader.Skip();
        }
        return map;
    }

    private static ImmutableArray<string> ReadStrings(ref Utf8JsonReader reader)
    {
        var strings = ImmutableArray.CreateBuilder<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) strings.Add(reader.GetString() ?? "");
        return strings.ToImmutable();
    }

    private static ImmutableArray<OwnerReference> ReadOwners(ref Utf8JsonReader reader)
    {
        var owners = ImmutableArray.CreateBuilder<OwnerReference>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) owners.Add(ReadOwner(ref reader));
        return owners.ToImmutable();
    }

    private static OwnerReference ReadOwner(ref Utf8JsonReader reader)
    {
        string apiVersion = "", kind = "", name = "", uid = "";
        bool controller = false, block = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var property = reader.GetString();
            reader.Read();
            switch (property)
            {
                case "apiVersion": apiVersion = reader.GetString() ?? ""; break;
                case "kind": kind = reader.GetString() ?? ""; break;
                case "name": name = reader.GetString() ?? ""; break;
                case "uid": uid = reader.GetString() ?? ""; break;
                case "controller": controller = reader.TokenType == JsonTokenType.True; break;
                case "blockOwnerDeletion": block = reader.TokenType == JsonTokenType.True; break;
                default: reader.Skip(); break;
            }
        }
        return new OwnerReference(apiVersion, kind, name, uid, controller, block);
    }
}
