using System.Runtime.CompilerServices;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>A spec as clients send it again and again, with what follows from its text alone: pods of one template differ in their metadata.</summary>
/// <remarks>
/// The tree is frozen: decoded, with its defaults. Admission gets a copy that it may change; what comes out of it is mostly the same
/// each time, and is then replaced by the one that is known (<see cref="AdmittedSpec"/>).
/// </remarks>
internal sealed class TemplateSpec
{
    /// <summary>One template may become different specs, as in namespaces with other service accounts or limits.</summary>
    private const int AdmittedMax = 4;

    /// <summary>So many new specs in a row, and what comes out of admission is not kept any more: something gives each object a spec of its own.</summary>
    private const int NewMax = 2 * AdmittedMax;

    private static readonly RecentTexts<TemplateSpec> Recent = new();
    private static readonly ConditionalWeakTable<JsonObject, TemplateSpec> ByTree = [];

    private readonly AdmittedSpec?[] _admitted = new AdmittedSpec?[AdmittedMax];
    private int _next;
    private int _new;

    private TemplateSpec(JsonObject tree) => Tree = tree;

    /// <summary>Decoded, defaulted, frozen.</summary>
    public JsonObject Tree { get; }

    /// <summary>The spec's part of the record of who owns which fields, from its name on, of the one who creates the object; empty where nothing
    /// is owned. Null until it is known.</summary>
    public byte[]? Fields { get; set; }

    /// <summary>Finds specs that are known by their text.</summary>
    public static KnownField Field { get; } = new("spec", static text => Recent.TryFind(text, out var known, out var length) ? (known.Tree, length) : null);

    /// <summary>Objects of the kind are made by the thousands from one template, and the rules of the kind look at the spec without the rest.</summary>
    public static bool Has(ResourceSchema schema) => schema.Type == ResourceTypes.Pods;

    /// <summary>What is known of a spec; null for one that is not shared.</summary>
    public static TemplateSpec? Of(JsonNode? spec) =>
        spec is JsonObject { IsFrozen: true } tree && ByTree.TryGetValue(tree, out var known) ? known : null;

    /// <summary>Keeps a spec whose text comes for the second time.</summary>
    /// <param name="spec">Decoded without a fault or a remark.</param>
    public static void Keep(ResourceSchema schema, ReadOnlySpan<byte> text, JsonObject spec)
    {
        if (!Recent.IsAgain(text)) return;
        var tree = new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = spec.DeepClone() };
        Defaulting.Apply(schema, tree);
        var known = new TemplateSpec(JsonTree.Frozen((JsonObject)tree["spec"]!));
        ByTree.Add(known.Tree, known);
        Recent.Add(text, known);
    }

    /// <summary>Makes the spec of an object one that can be changed.</summary>
    /// <returns>What it was; null for one that could be changed anyway.</returns>
    public static TemplateSpec? Open(JsonObject tree)
    {
        if (Of(tree["spec"]) is not { } known) return null;
        tree["spec"] = known.Tree.DeepClone();
        return known;
    }

    /// <summary>Replaces the spec of an object that admission has let pass by the same one as it is known.</summary>
    public void Close(JsonObject tree)
    {
        if (tree["spec"] is not JsonObject spec || _new >= NewMax) return;
        if (Known(spec) is { } known) _new = 0;
        else
        {
            _new++;
            known = AdmittedSpec.Of(JsonTree.Frozen(spec.DeepClone()));
            Volatile.Write(ref _admitted[Interlocked.Increment(ref _next) & (AdmittedMax - 1)], known);
        }
        tree["spec"] = known.Tree;
    }

    private AdmittedSpec? Known(JsonObject spec)
    {
        foreach (var known in _admitted)
            if (known is not null && JsonTree.SameText(known.Tree, spec)) return known;
        return null;
    }
}
