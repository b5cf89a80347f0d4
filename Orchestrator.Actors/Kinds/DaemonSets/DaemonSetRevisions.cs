using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.DaemonSets;

/// <summary>The history of templates, kept as ControllerRevisions: what <c>kubectl rollout history</c> and <c>undo</c> read.</summary>
internal static class DaemonSetRevisions
{
    private sealed record Past(StoredObject Source, long Number, string Hash, string Identity);

    /// <summary>The hash of the current template; its revision is made, or raised to be the newest, when it is not.</summary>
    public static string Current(DaemonSetView set, IReadOnlyCollection<StoredObject> revisions, ImmutableArray<ControllerAction>.Builder actions)
    {
        var past = revisions.Where(r => r.Meta.Controller?.Uid == set.Uid && !r.Meta.Deleting).Select(Read).OrderBy(static p => p.Number).ToList();
        var newest = past.Count == 0 ? 0 : past[^1].Number;
        var current = past.FindLast(p => p.Identity == set.TemplateIdentity);
        if (current is null)
        {
            actions.Add(Create(set, newest + 1));
            return set.TemplateHash;
        }
        if (current.Number != newest)
            actions.Add(new PatchAction(ResourceTypes.ControllerRevisions, current.Source.Key, current.Source.Meta.Uid, new JsonObject { ["revision"] = newest + 1 }));
        var old = past.Where(p => p != current).ToList();
        foreach (var gone in old.Take(Math.Max(0, old.Count - set.RevisionHistoryLimit)))
            actions.Add(new DeleteAction(ResourceTypes.ControllerRevisions, gone.Source.Key, gone.Source.Meta.Uid));
        return current.Hash;
    }

    private static Past Read(StoredObject o)
    {
        using var document = JsonDocument.Parse(o.Json);
        var root = document.RootElement;
        return new Past(o, root.Number("revision"), o.Meta.Labels.GetValueOrDefault(DaemonSetView.HashLabel, ""),
            PodTemplate.Identity(root.Get("data").Get("spec", "template")));
    }

    private static CreateAction Create(DaemonSetView set, long number)
    {
        var hash = set.TemplateHash;
        var name = $"{set.Key.Name}-{hash}";
        var template = JsonTree.At(set.Source.ToTree(), ["spec", "template"])!.DeepClone().AsObject();
        var labels = JsonTree.Object(JsonTree.Object(template, "metadata"), "labels")?.DeepClone().AsObject() ?? [];
        labels[DaemonSetView.HashLabel] = hash;
        // A strategic merge patch with this directive brings the template back as it was.
        template["$patch"] = "replace";
        var body = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ControllerRevision",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = set.Key.Namespace,
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(set.Identity.ToReference()),
            },
            ["data"] = new JsonObject { ["spec"] = new JsonObject { ["template"] = template } },
            ["revision"] = number,
        };
        // Clients read the cause of the change from here.
        if (set.Meta.Annotations.Count > 0)
            body["metadata"]!["annotations"] = new JsonObject(set.Meta.Annotations.Select(static a => KeyValuePair.Create<string, JsonNode?>(a.Key, a.Value)));
        return new CreateAction(ResourceTypes.ControllerRevisions, new ObjectKey(set.Key.Namespace, name), body);
    }
}
