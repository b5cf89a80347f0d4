using System.Globalization;
using System.Text;
using Akka.Actor;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.Shell;

/// <summary>The chain of causes of an object: what its controller decided, and what those decided who own it.</summary>
public sealed partial class ShellCommands
{
    /// <summary>Longest chain of owners that is followed (count); upstream's deepest is Pod, ReplicaSet, Deployment.</summary>
    private const int OwnersMax = 8;

    private async Task<string> WhyAsync(ShellArguments arguments, string format, CancellationToken cancellationToken)
    {
        var (type, key) = ObjectOf(arguments);
        var links = new List<(string Object, ControllerDecisions Decisions)>();
        for (var depth = 0; depth < OwnersMax; depth++)
        {
            var resource = api.Resource(type.ToString());
            var decisions = await controllers.Ask<ControllerDecisions>(
                new GetDecisions(resource.Singular, key.Namespace, key.Name), QueryTimeout, cancellationToken).ConfigureAwait(false);
            links.Add(($"{type} {key}", decisions));
            if (await OwnerAsync(type, key, cancellationToken).ConfigureAwait(false) is not { } owner) break;
            (type, key) = owner;
        }
        return format == "table" ? Tell(links) : Render(Tree(links), format);
    }

    /// <summary>The managing owner of the newest retained version, also of an object that is gone.</summary>
    private async Task<(ResourceType Type, ObjectKey Key)?> OwnerAsync(ResourceType type, ObjectKey key, CancellationToken cancellationToken)
    {
        var informer = await registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false);
        var newest = informer.Get(key) ?? (await registries.History.ChangesAsync(type, 1, key, cancellationToken).ConfigureAwait(false)).LastOrDefault()?.Change.Object;
        if (newest?.Meta.Controller is not { } owner || api.Kind(owner.ApiVersion, owner.Kind) is not { } resource) return null;
        return (resource.StoredAs, new ObjectKey(resource.Namespaced ? key.Namespace : "", owner.Name));
    }

    private static string Tell(List<(string Object, ControllerDecisions Decisions)> links)
    {
        var text = new StringBuilder();
        for (var i = 0; i < links.Count; i++)
        {
            var (name, decisions) = links[i];
            text.AppendLine(i == 0 ? name : $"owned by {name}");
            if (decisions.Recent.IsEmpty) text.AppendLine("   no controller has decided about it");
            foreach (var decided in decisions.Recent)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"   {Time(decided.At)}  because of {Cause(decided.Cause)}");
                foreach (var action in decided.Actions) text.AppendLine(CultureInfo.InvariantCulture, $"      {action}");
                if (decided.Outcome.Length > 0) text.AppendLine(CultureInfo.InvariantCulture, $"      but: {decided.Outcome}");
            }
        }
        return text.ToString();
    }

    private static string Cause(DecisionCause cause) =>
        cause.Revision > 0 ? $"{cause.Type} {cause.Key} at version {cause.Revision}" : $"{cause.Type} {cause.Key}".TrimEnd();

    private static JsonArray Tree(List<(string Object, ControllerDecisions Decisions)> links) => new([.. links.Select(link => (JsonNode)new JsonObject
    {
        ["object"] = link.Object,
        ["decisions"] = new JsonArray([.. link.Decisions.Recent.Select(d => (JsonNode)new JsonObject
        {
            ["time"] = Time(d.At),
            ["cause"] = Cause(d.Cause),
            ["actions"] = new JsonArray([.. d.Actions.Select(a => (JsonNode)a)]),
            ["outcome"] = d.Outcome,
        })]),
    })]);
}
