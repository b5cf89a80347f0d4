using System.Collections.Concurrent;
using System.Globalization;

namespace Orchestrator.Host.ApiServer;

/// <summary>How an object is written.</summary>
public enum MediaEncoding : byte
{
    Json,
    Yaml,
    Protobuf,
}

/// <summary>What an object is turned into before it is written.</summary>
public enum Projection : byte
{
    None,
    Table,
    PartialObjectMetadata,
    PartialObjectMetadataList,

    /// <summary>All of discovery in one document.</summary>
    Discovery,
}

/// <summary>One form of answer that a client accepts.</summary>
/// <param name="Version">Of the projection's group: v1, v1beta1, v2, v2beta1; empty without a projection.</param>
public sealed record MediaFormat(MediaEncoding Encoding, Projection Projection = Projection.None, string Version = "", bool Pretty = false)
{
    public static MediaFormat Json { get; } = new(MediaEncoding.Json);

    public const string JsonType = "application/json";
    public const string YamlType = "application/yaml";
    public const string ProtobufType = "application/vnd.kubernetes.protobuf";

    /// <summary>The Content-Type of an answer in this form.</summary>
    public string ContentType { get => field ??= ContentTypeOf(this); private init; }

    private static string ContentTypeOf(MediaFormat format)
    {
        var type = format.Encoding switch { MediaEncoding.Yaml => YamlType, MediaEncoding.Protobuf => ProtobufType, _ => JsonType };
        return format.Projection == Projection.Discovery
            ? $"{type};g=apidiscovery.k8s.io;v={format.Version};as=APIGroupDiscoveryList"
            : type;
    }
}

/// <summary>Reads Accept headers. What was read is kept, since clients send the same few again and again.</summary>
public static class Negotiation
{
    /// <summary>Most headers that are kept; others are read every time (count).</summary>
    private const int KeptMax = 256;

    /// <summary>No client in earnest sends a longer one again and again (characters).</summary>
    private const int KeptLengthMax = 512;

    private static readonly ConcurrentDictionary<string, MediaFormat[]> Kept = new(StringComparer.Ordinal);

    /// <summary>The accepted forms, the most wanted first; empty when nothing that we can write is accepted.</summary>
    public static IReadOnlyList<MediaFormat> Read(string? accept)
    {
        if (string.IsNullOrEmpty(accept)) return [MediaFormat.Json];
        if (Kept.TryGetValue(accept, out var formats)) return formats;
        formats = Parse(accept);
        if (accept.Length <= KeptLengthMax && Kept.Count < KeptMax) Kept.TryAdd(accept, formats);
        return formats;
    }

    /// <summary>The first accepted form that the endpoint can give; null is 406 Not Acceptable.</summary>
    public static MediaFormat? Choose(string? accept, Func<MediaFormat, bool> offers)
    {
        foreach (var format in Read(accept))
            if (offers(format)) return format;
        return null;
    }

    /// <summary>How much a clause of the header is wanted, from 0 to 1.</summary>
    public static double QualityOf(string clause)
    {
        foreach (var part in clause.Split(';', StringSplitOptions.TrimEntries).AsSpan(1))
            if (part.StartsWith("q=", StringComparison.Ordinal)) return double.TryParse(part.AsSpan(2), NumberStyles.Float, CultureInfo.InvariantCulture, out var quality) ? quality : 0;
        return 1;
    }

    private static MediaFormat[] Parse(string accept)
    {
        var clauses = new List<(double Quality, MediaFormat Format)>();
        foreach (var clause in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            if (ParseClause(clause) is { Quality: > 0 } parsed) clauses.Add(parsed);
        return [.. clauses.OrderByDescending(c => c.Quality).Select(c => c.Format)];
    }

    private static (double Quality, MediaFormat Format)? ParseClause(string clause)
    {
        var parts = clause.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0 || EncodingOf(parts[0]) is not { } encoding) return null;
        var quality = 1.0;
        string group = "", version = "", projection = "";
        var pretty = false;
        foreach (var part in parts.AsSpan(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var value = equals < 0 ? "" : part[(equals + 1)..];
            switch (equals < 0 ? part : part[..equals])
            {
                case "q": quality = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var q) ? q : 0; break;
                case "g": group = value; break;
                case "v": version = value; break;
                case "as": projection = value; break;
                case "pretty": pretty = value is "1" or "true"; break;
                default: break;
            }
        }
        if (projection.Length == 0) return (quality, new MediaFormat(encoding, Pretty: pretty));
        Projection? known = (projection, group) switch
        {
            ("Table", "meta.k8s.io") => Projection.Table,
            ("PartialObjectMetadata", "meta.k8s.io") => Projection.PartialObjectMetadata,
            ("PartialObjectMetadataList", "meta.k8s.io") => Projection.PartialObjectMetadataList,
            ("APIGroupDiscoveryList", "apidiscovery.k8s.io") => Projection.Discovery,
            _ => null,
        };
        return known is { } found && version is "v1" or "v1beta1" or "v2" or "v2beta1"
            ? (quality, new MediaFormat(encoding, known.Value, version, pretty))
            : null;
    }

    private static MediaEncoding? EncodingOf(string type) => type switch
    {
        "*/*" or "application/*" or MediaFormat.JsonType => MediaEncoding.Json,
        MediaFormat.YamlType => MediaEncoding.Yaml,
        MediaFormat.ProtobufType => MediaEncoding.Protobuf,
        _ => null,
    };
}
