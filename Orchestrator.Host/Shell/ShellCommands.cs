using System.Globalization;
using System.Text;
using System.Text.Json;
using Akka.Actor;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.Shell;

/// <summary>What the shell can do, on the member's side.</summary>
public sealed partial class ShellCommands(ShellApi api, RegistryClient registries, IActorRef controllers, ActorSystem system)
{
    private const string Help = """
        get TYPE [NAME] [-n NAMESPACE | -A] [-l SELECTOR] [--at VERSION|TIME] [-o table|json|yaml]
        describe TYPE NAME [-n NAMESPACE]
        apply -f FILE                       create or change the objects of a YAML or JSON file ('-' is standard input)
        delete TYPE NAME | -f FILE          [-n NAMESPACE] [--grace-period SECONDS]
        scale TYPE NAME --replicas N        [-n NAMESPACE]
        logs POD [-c CONTAINER] [-f] [-p] [--tail N] [--timestamps] [-n NAMESPACE]
        members                             the processes of the cluster
        shards                              which process hosts which entity
        kubelet NODE                        what a node runs, as its own journal has it
        journal TYPE [--limit N]            the newest changes of a type
        history TYPE/NAMESPACE/NAME         each version of an object, its time and what changed
        undo TYPE/NAMESPACE/NAME --to VERSION|TIME
                                            make an object again what it was, also one that is gone
        why TYPE/NAMESPACE/NAME             what led to an object's state
        help | exit

        """;

    private static readonly string[] Verbs =
        ["get", "describe", "apply", "delete", "scale", "logs", "members", "shards", "kubelet", "journal", "history", "undo", "why", "help", "exit"];

    /// <summary>Runs a command; everything but its last piece of output goes to <paramref name="print"/>.</summary>
    public async Task<ShellOutput> RunAsync(RunShellCommand run, Action<string> print, CancellationToken cancellationToken)
    {
        try
        {
            if (run.Words.Length == 0) throw new ShellException("no command; try 'help'");
            var arguments = new ShellArguments(run.Words);
            var text = await DispatchAsync(arguments, run, arguments["--output"] ?? run.Format, print, cancellationToken).ConfigureAwait(false);
            return new ShellOutput(text, IsError: false, ExitCode: 0);
        }
        catch (Exception e) when (e is ShellException or JsonException or YamlDotNet.Core.YamlException or HttpRequestException)
        {
            return new ShellOutput(e.Message + "\n", IsError: true, ExitCode: 1);
        }
        catch (OperationCanceledException)
        {
            return new ShellOutput("", IsError: false, ExitCode: 130);
        }
    }

    public string[] Complete(string[] words)
    {
        var typed = words[^1];
        IEnumerable<string> candidates = words.Length switch
        {
            1 => Verbs,
            2 when words[0] is "get" or "describe" or "delete" or "scale" or "journal" or "history" or "undo" or "why" => api.Resources.Select(r => r.Type.ToString()),
            _ => [],
        };
        return [.. candidates.Where(c => c.StartsWith(typed, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private Task<string> DispatchAsync(
        ShellArguments arguments, RunShellCommand run, string format, Action<string> print, CancellationToken cancellationToken) => arguments.Verb switch
        {
            "get" => GetAsync(arguments, format, cancellationToken),
            "describe" => DescribeAsync(arguments, cancellationToken),
            "apply" => ApplyAsync(FileOf(arguments, run), arguments, print, cancellationToken),
            "delete" => DeleteAsync(arguments, run, print, cancellationToken),
            "scale" => ScaleAsync(arguments, cancellationToken),
            "logs" => LogsAsync(arguments, print, cancellationToken),
            "members" => Task.FromResult(Members(format)),
            "shards" => ShardsAsync(format, cancellationToken),
            "kubelet" => KubeletAsync(arguments, format, cancellationToken),
            "journal" => JournalAsync(arguments, format, cancellationToken),
            "history" => HistoryAsync(arguments, format, cancellationToken),
            "undo" => UndoAsync(arguments, cancellationToken),
            "why" => WhyAsync(arguments, format, cancellationToken),
            "help" => Task.FromResult(Help),
            _ => throw new ShellException($"no command \"{arguments.Verb}\"; try 'help'"),
        };

    private async Task<string> GetAsync(ShellArguments arguments, string format, CancellationToken cancellationToken)
    {
        var (type, name) = TypeAndName(arguments);
        var resource = api.Resource(type);
        var all = arguments.Has("--all-namespaces");
        var path = ShellApi.Path(resource, all ? null : NamespaceOf(arguments), name);
        var query = new List<string>();
        if (arguments["--selector"] is { } selector) query.Add($"labelSelector={Uri.EscapeDataString(selector)}");
        if (arguments["--at"] is { } at) query.Add(At(at));
        if (query.Count > 0) path += "?" + string.Join('&', query);
        var node = await api.GetAsync(path, format == "table", cancellationToken).ConfigureAwait(false);
        if (format != "table") return Render(node, format);
        var columns = node["columnDefinitions"]!.AsArray().Select((c, i) => (Name: (string)c!["name"]!, Wide: (int?)c["priority"] > 0, Index: i)).Where(c => !c.Wide).ToArray();
        string[] header = [.. all && resource.Namespaced ? ["Namespace"] : Array.Empty<string>(), .. columns.Select(c => c.Name)];
        var rows = node["rows"]!.AsArray().Select(row => (string[])
        [
            .. all && resource.Namespaced ? [(string?)row!["object"]?["metadata"]?["namespace"] ?? ""] : Array.Empty<string>(),
            .. columns.Select(c => row!["cells"]![c.Index]?.ToString() ?? "<none>"),
        ]).ToArray();
        return rows.Length == 0 ? "No resources found.\n" : TextTable.Render(header, rows);
    }

    private static string At(string versionOrTime) => versionOrTime.All(char.IsAsciiDigit)
        ? $"resourceVersion={versionOrTime}&resourceVersionMatch=Exact"
        : $"asOf={Uri.EscapeDataString(versionOrTime)}";

    /// <summary>Makes an object again what it was at a version or a time; one that is gone is created anew.</summary>
    private async Task<string> UndoAsync(ShellArguments arguments, CancellationToken cancellationToken)
    {
        var (type, key) = ObjectOf(arguments);
        var resource = api.Resource(type.ToString());
        var path = ShellApi.Path(resource, key.Namespace, key.Name);
        var to = arguments["--to"] ?? throw new ShellException("undo needs --to VERSION or --to TIME; 'history' lists the versions");
        var then = (JsonObject)await api.GetAsync($"{path}?{At(to)}", table: false, cancellationToken).ConfigureAwait(false);
        var meta = then["metadata"]!.AsObject();
        foreach (var own in (string[])["resourceVersion", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields"]) meta.Remove(own);
        var informer = await registries.ConsistentAsync(resource.StoredAs, cancellationToken).ConfigureAwait(false);
        if (informer.Get(key) is { } now)
        {
            // Whoever writes in between is not overwritten unseen.
            meta["resourceVersion"] = now.Revision.ToString(CultureInfo.InvariantCulture);
            await api.SendAsync(HttpMethod.Put, path, then.ToJsonString(), "application/json", cancellationToken).ConfigureAwait(false);
            return $"{type}/{key.Name} is as it was at {to}\n";
        }
        await api.SendAsync(HttpMethod.Post, ShellApi.Path(resource, key.Namespace, null), then.ToJsonString(), "application/json", cancellationToken).ConfigureAwait(false);
        return $"{type}/{key.Name} created as it was at {to}\n";
    }

    private async Task<string> DescribeAsync(ShellArguments arguments, CancellationToken cancellationToken)
    {
        var (type, name) = TypeAndName(arguments);
        var resource = api.Resource(type);
        var ns = NamespaceOf(arguments);
        var node = await api.GetAsync(ShellApi.Path(resource, ns, name ?? throw new ShellException("describe needs a name")), table: false, cancellationToken).ConfigureAwait(false);
        var fields = $"involvedObject.kind={resource.Kind},involvedObject.name={name}";
        var events = await api.GetAsync($"/api/v1/events?fieldSelector={Uri.EscapeDataString(fields)}", table: false, cancellationToken).ConfigureAwait(false);
        var rows = events["items"]!.AsArray()
            .Where(e => !resource.Namespaced || (string?)e!["metadata"]!["namespace"] == ns)
            .Select(e => (string[])[(string?)e!["type"] ?? "", (string?)e["reason"] ?? "", (string?)e["lastTimestamp"] ?? "", ((string?)e["message"] ?? "").Trim()]).ToArray();
        return Render(node, "yaml") + (rows.Length == 0 ? "Events: none\n" : "Events:\n" + TextTable.Render(["Type", "Reason", "Last seen", "Message"], rows));
    }

    private async Task<string> ApplyAsync(string text, ShellArguments arguments, Action<string> print, CancellationToken cancellationToken)
    {
        foreach (var manifest in ShellYaml.Documents(text))
        {
            var (resource, path, name) = Place(manifest, arguments);
            try
            {
                await api.SendAsync(HttpMethod.Post, ShellApi.Path(resource, NamespaceOf(manifest, arguments), null), ApplyPatch.Annotated(manifest), "application/json", cancellationToken).ConfigureAwait(false);
                print($"{resource.Type}/{name} created\n");
            }
            catch (ShellException e) when (e.Message.StartsWith("AlreadyExists", StringComparison.Ordinal))
            {
                var live = await api.GetAsync(path, table: false, cancellationToken).ConfigureAwait(false);
                var patch = ApplyPatch.Between(live, manifest);
                var changed = await api.SendAsync(HttpMethod.Patch, path, patch, resource.IsCustom ? "application/merge-patch+json" : "application/strategic-merge-patch+json", cancellationToken).ConfigureAwait(false);
                var same = (string?)changed["metadata"]!["resourceVersion"] == (string?)live["metadata"]!["resourceVersion"];
                print($"{resource.Type}/{name} {(same ? "unchanged" : "configured")}\n");
            }
        }
        return "";
    }

    private async Task<string> DeleteAsync(ShellArguments arguments, RunShellCommand run, Action<string> print, CancellationToken cancellationToken)
    {
        List<(ResourceSchema Resource, string Path, string Name)> targets = [];
        if (arguments.Has("--filename")) targets.AddRange(ShellYaml.Documents(FileOf(arguments, run)).Select(m => Place(m, arguments)));
        else
        {
            var (type, name) = TypeAndName(arguments);
            var resource = api.Resource(type);
            name ??= arguments.Required(1, "a name");
            targets.Add((resource, ShellApi.Path(resource, NamespaceOf(arguments), name), name));
        }
        var body = new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = "v1", ["propagationPolicy"] = "Background" };
        if (arguments["--grace-period"] is { } grace) body["gracePeriodSeconds"] = Number(grace, "--grace-period");
        foreach (var (resource, path, name) in targets)
        {
            await api.SendAsync(HttpMethod.Delete, path, body.ToJsonString(), "application/json", cancellationToken).ConfigureAwait(false);
            print($"{resource.Type}/{name} deleted\n");
        }
        return "";
    }

    private async Task<string> ScaleAsync(ShellArguments arguments, CancellationToken cancellationToken)
    {
        var (type, name) = TypeAndName(arguments);
        name ??= arguments.Required(1, "a name");
        var resource = api.Resource(type);
        var replicas = Number(arguments["--replicas"] ?? throw new ShellException("scale needs --replicas"), "--replicas");
        var patch = new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } };
        await api.SendAsync(HttpMethod.Patch, ShellApi.Path(resource, NamespaceOf(arguments), name) + "/scale", patch.ToJsonString(), "application/merge-patch+json", cancellationToken).ConfigureAwait(false);
        return $"{resource.Type}/{name} scaled\n";
    }

    private async Task<string> LogsAsync(ShellArguments arguments, Action<string> print, CancellationToken cancellationToken)
    {
        var query = new StringBuilder("?");
        if (arguments["--container"] is { } container) query.Append(CultureInfo.InvariantCulture, $"container={Uri.EscapeDataString(container)}&");
        if (arguments["--tail"] is { } tail) query.Append(CultureInfo.InvariantCulture, $"tailLines={Number(tail, "--tail")}&");
        foreach (var name in (string[])["follow", "previous", "timestamps"])
            if (arguments.Has($"--{name}")) query.Append(CultureInfo.InvariantCulture, $"{name}=true&");
        var path = ShellApi.Path(api.Resource("pods"), NamespaceOf(arguments), arguments.Required(0, "a pod")) + "/log" + query;
        await api.StreamAsync(path, print, cancellationToken).ConfigureAwait(false);
        return "";
    }

    private (ResourceSchema Resource, string Path, string Name) Place(JsonObject manifest, ShellArguments arguments)
    {
        var apiVersion = (string?)manifest["apiVersion"] ?? throw new ShellException("a document has no apiVersion");
        var kind = (string?)manifest["kind"] ?? throw new ShellException("a document has no kind");
        var name = (string?)manifest["metadata"]?["name"] ?? throw new ShellException($"a {kind} has no metadata.name");
        var resource = api.Kind(apiVersion, kind) ?? throw new ShellException($"no matches for kind \"{kind}\" in version \"{apiVersion}\"");
        return (resource, ShellApi.Path(resource, NamespaceOf(manifest, arguments), name), name);
    }

    private static string FileOf(ShellArguments arguments, RunShellCommand run) =>
        arguments["--filename"] is { } file && run.Files.TryGetValue(file, out var text) ? text : throw new ShellException($"{arguments.Verb} needs -f FILE");

    private static (string Type, string? Name) TypeAndName(ShellArguments arguments)
    {
        var first = arguments.Required(0, "a type");
        var slash = first.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 ? (first[..slash], first[(slash + 1)..]) : (first, arguments.Positional.Length > 1 ? arguments.Positional[1] : null);
    }

    private static string NamespaceOf(ShellArguments arguments) => arguments["--namespace"] ?? "default";

    private static string NamespaceOf(JsonObject manifest, ShellArguments arguments) =>
        (string?)manifest["metadata"]?["namespace"] ?? NamespaceOf(arguments);

    private static int Number(string text, string flag) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new ShellException($"{flag} takes a number, not \"{text}\"");

    private static string Render(JsonNode node, string format)
    {
        // As kubectl, which shows who owns which field only when asked to.
        HideRecord(node);
        foreach (var item in node["items"] as JsonArray ?? []) HideRecord(item);
        return RenderAll(node, format);
    }

    private static void HideRecord(JsonNode? node) => (node?["metadata"] as JsonObject)?.Remove("managedFields");

    private static string RenderAll(JsonNode node, string format) =>
        format == "json" ? node.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n" : ShellYaml.Render(node);
}
