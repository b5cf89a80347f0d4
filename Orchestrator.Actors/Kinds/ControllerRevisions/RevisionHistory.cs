using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.ControllerRevisions;

/// <summary>Whose history it is.</summary>
/// <param name="HashLabel">The label by which a revision names its hash.</param>
/// <param name="TemplateIdentity">What <see cref="PodTemplate.Identity"/> says of the current template.</param>
/// <param name="CollisionCount">How many names were found taken so far.</param>
/// <param name="Limit">Most revisions kept beside those in use (count).</param>
public sealed record RevisionOwner(
    StoredObject Source, OwnerIdentity Identity, LabelSelector Selector, string HashLabel, string TemplateIdentity, int CollisionCount, int Limit);

/// <summary>The revision of the current template.</summary>
/// <param name="Kept">What is stored of it; null when it is only being made.</param>
/// <param name="CollisionCount">Raised when a name was taken by something else; belongs into the owner's status.</param>
public sealed record CurrentRevision(string Name, string Hash, PastRevision? Kept, int CollisionCount);

/// <summary>The history of a set's templates, kept as ControllerRevisions: what <c>kubectl rollout history</c> and <c>undo</c> read.</summary>
/// <remarks>
/// A template that comes back takes its old revision with it to the front. Source: kube-controller-manager,
/// history/controller_history.go, statefulset/stateful_set_control.go and daemon/update.go.
/// </remarks>
public static class RevisionHistory
{
    /// <summary>Longest part of the owner's name in a revision's name (characters); source: history.ControllerRevisionName.</summary>
    private const int PrefixMax = 223;

    /// <summary>The owner's revisions, oldest first; matching ones that nobody controls are taken in.</summary>
    public static ImmutableArray<PastRevision> Claim(
        RevisionOwner owner, IEnumerable<StoredObject> candidates, ImmutableArray<ControllerAction>.Builder actions)
    {
        var past = new List<PastRevision>();
        foreach (var revision in candidates)
        {
            if (revision.Meta.Deleting) continue;
            if (revision.Meta.Controller is { } controller)
            {
                if (controller.Uid == owner.Identity.Uid) past.Add(PastRevision.Of(revision));
                continue;
            }
            if (owner.Source.Meta.Deleting || !owner.Selector.Matches(revision.Meta.Labels)) continue;
            actions.Add(OwnedBody.Adopt(ResourceTypes.ControllerRevisions, revision, owner.Identity));
            past.Add(PastRevision.Of(revision));
        }
        return [.. past.OrderBy(static p => p.Number).ThenBy(static p => p.Source.Meta.CreationTimestamp).ThenBy(static p => p.Name, StringComparer.Ordinal)];
    }

    /// <summary>The revision of the current template, which is made, or raised to be the newest, when it is not.</summary>
    /// <param name="nameTaken">Whether any revision of the namespace has the name.</param>
    public static CurrentRevision Current(
        RevisionOwner owner, ImmutableArray<PastRevision> past, Func<string, bool> nameTaken, ImmutableArray<ControllerAction>.Builder actions)
    {
        var newest = past.IsEmpty ? 0 : past[^1].Number;
        if (past.LastOrDefault(p => p.TemplateIdentity == owner.TemplateIdentity) is { } kept)
        {
            if (kept != past[^1])
                actions.Add(new PatchAction(ResourceTypes.ControllerRevisions, kept.Source.Key, kept.Source.Meta.Uid, new JsonObject { ["revision"] = newest + 1 }));
            return new CurrentRevision(kept.Name, kept.Source.Meta.Labels.GetValueOrDefault(owner.HashLabel, ""), kept, owner.CollisionCount);
        }
        var collisions = owner.CollisionCount;
        var (name, hash) = NameOf(owner, collisions);
        // Another template has the same hash: the count changes the hash.
        while (nameTaken(name)) (name, hash) = NameOf(owner, ++collisions);
        actions.Add(Create(owner, name, hash, newest + 1));
        return new CurrentRevision(name, hash, null, collisions);
    }

    /// <summary>Deletes the oldest revisions beyond the limit, but none that is in use.</summary>
    /// <param name="countUsed">Whether those in use take part in the count, as they do for DaemonSets.</param>
    public static void Truncate(
        RevisionOwner owner, IEnumerable<PastRevision> past, Func<PastRevision, bool> inUse, bool countUsed, ImmutableArray<ControllerAction>.Builder actions)
    {
        var all = past.ToList();
        var unused = all.Where(p => !inUse(p)).ToList();
        var excess = (countUsed ? all.Count : unused.Count) - owner.Limit;
        foreach (var gone in unused.Take(Math.Max(0, excess)))
            actions.Add(new DeleteAction(ResourceTypes.ControllerRevisions, gone.Source.Key, gone.Source.Meta.Uid));
    }

    private static (string Name, string Hash) NameOf(RevisionOwner owner, int collisions)
    {
        var hash = DecidedNames.Hash(collisions == 0
            ? owner.TemplateIdentity : string.Create(CultureInfo.InvariantCulture, $"{owner.TemplateIdentity}#{collisions}"));
        var prefix = owner.Identity.Name;
        return ($"{(prefix.Length > PrefixMax ? prefix[..PrefixMax] : prefix)}-{hash}", hash);
    }

    private static CreateAction Create(RevisionOwner owner, string name, string hash, long number)
    {
        var key = new ObjectKey(owner.Source.Key.Namespace, name);
        var template = JsonTree.At(owner.Source.ToTree(), ["spec", "template"])!.DeepClone().AsObject();
        var metadata = JsonTree.Ensure(template, "metadata");
        var labels = JsonTree.Object(metadata, "labels")?.DeepClone().AsObject() ?? [];
        labels[owner.HashLabel] = hash;
        // A strategic merge patch with this directive brings the template back as it was. Clients compare the bytes with
        // what they make of the set themselves: names in order, and the time that a template never has.
        template["$patch"] = "replace";
        metadata["creationTimestamp"] = null;
        var body = new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ControllerRevision",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = key.Namespace,
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(owner.Identity.ToReference()),
            },
            ["data"] = Ordered(new JsonObject { ["spec"] = new JsonObject { ["template"] = template } }),
            ["revision"] = number,
        };
        // Clients read the cause of the change from here.
        if (owner.Source.Meta.Annotations.Count > 0)
            body["metadata"]!["annotations"] = new JsonObject(owner.Source.Meta.Annotations.Select(static a => KeyValuePair.Create<string, JsonNode?>(a.Key, a.Value)));
        return new CreateAction(ResourceTypes.ControllerRevisions, key, body);
    }

    private static JsonNode? Ordered(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(static f => f.Key, StringComparer.Ordinal).Select(static f => KeyValuePair.Create(f.Key, Ordered(f.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Ordered)]),
        _ => node?.DeepClone(),
    };
}
