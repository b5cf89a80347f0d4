using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer.Configuration;

/// <summary>Reads the files that configure an API server: objects of the group apiserver.config.k8s.io in YAML or JSON, without unknown or repeated fields.</summary>
/// <remarks>Each method throws a <see cref="FormatException"/> that says where and what when a file is wrong.</remarks>
public static class StructuredFile
{
    private const string Group = "apiserver.config.k8s.io";

    /// <param name="disallowedIssuers">In whose name nobody else may sign.</param>
    /// <exception cref="FormatException">It is wrong.</exception>
    public static AuthenticationConfiguration Authentication(ReadOnlySpan<byte> text, ImmutableArray<string> disallowedIssuers)
    {
        if (text.IsEmpty) throw new FormatException("empty config data");
        return Authentication(Decode(text, AuthenticationConfiguration.Kind, AuthenticationConfiguration.Versions), disallowedIssuers);
    }

    /// <exception cref="FormatException">It is wrong.</exception>
    public static AuthenticationConfiguration Authentication(JsonObject tree, ImmutableArray<string> disallowedIssuers)
    {
        var faults = new FaultList();
        var configuration = AuthenticationConfiguration.Read(tree, disallowedIssuers, faults);
        return Checked(configuration, faults);
    }

    /// <param name="required">Types that it may not leave out.</param>
    /// <param name="known">Types other than Webhook that it may have; null for all.</param>
    /// <exception cref="FormatException">It is wrong.</exception>
    public static AuthorizationConfiguration Authorization(ReadOnlySpan<byte> text, ImmutableArray<string> required, ImmutableArray<string>? known = null)
    {
        var faults = new FaultList();
        var configuration = AuthorizationConfiguration.Read(Decode(text, AuthorizationConfiguration.Kind, AuthorizationConfiguration.Versions), FaultOfFile, faults);
        return Checked(configuration, faults).Unfit(required, known) is { } unfit ? throw new FormatException(unfit) : configuration;
    }

    private static string? FaultOfFile(string path) =>
        File.Exists(path) ? null : Directory.Exists(path) ? "must be a regular file" : $"error loading file: stat {path}: no such file or directory";

    private static T Checked<T>(T configuration, FaultList faults)
    {
        if (faults.IsEmpty) return configuration;
        var all = faults.Causes.Select(static c => $"{c.Field}: {c.Message}").Distinct(StringComparer.Ordinal).ToList();
        throw new FormatException(all.Count == 1 ? all[0] : $"[{string.Join(", ", all)}]");
    }

    private static JsonObject Decode(ReadOnlySpan<byte> text, string kind, ImmutableArray<string> versions)
    {
        var (json, fault) = YamlReader.ToJson(text, out var lines);
        if (json is null) throw new FormatException(fault);
        var parsed = ObjectJson.Parse(json);
        if (parsed.Tree is not JsonObject tree) throw new FormatException(parsed.Fault ?? $"it is no {kind}, but {JsonTree.KindOf(parsed.Tree)}");
        var (apiVersion, given) = (JsonTree.String(tree, "apiVersion") ?? "", JsonTree.String(tree, "kind") ?? "");
        if (given.Length == 0) throw new FormatException("Object 'Kind' is missing");
        if (apiVersion.Length == 0) throw new FormatException("Object 'apiVersion' is missing");
        var version = apiVersion.StartsWith(Group + "/", StringComparison.Ordinal) ? apiVersion[(Group.Length + 1)..] : "";
        if (given != kind || !versions.Contains(version))
            throw new FormatException($"no kind {GoQuote.Quote(given)} is registered for version {GoQuote.Quote(apiVersion)}; expected {kind} of {string.Join(" or ", versions.Select(static v => $"{Group}/{v}"))}");
        var decoded = ObjectDecoder.Decode(SchemaCatalog.BuiltIn.Type($"apiserver.{kind}"), Group, version, kind, json, FieldValidation.Strict,
            lines.Count > 0 ? new YamlDuplicates(YamlReader.StrictFaults, lines) : null);
        return decoded.Tree ?? throw new FormatException(decoded.Fault?.Text ?? decoded.Error!.Message);
    }
}
