using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Registry;

public sealed partial class ResourceStore
{
    /// <summary>Creates many objects of one type in one commit; each is decided on its own. The namespace of each is its own.</summary>
    public async Task<ImmutableArray<StoreResult>> CreateManyAsync(
        ResourceType type, IReadOnlyList<JsonObject> trees, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= WriteOptions.Default;
        var schema = SchemaOf(type);
        var results = new StoreResult?[trees.Count];
        var writes = ImmutableArray.CreateBuilder<ObjectWrite>(trees.Count);
        var indexes = new List<int>(trees.Count);
        var generated = new bool[trees.Count];
        var undo = new Action?[trees.Count];
        // All are begun before the first is waited for, so that what admission does for one, such as charging a quota, it does for all at once.
        var preparing = new Task<PreparedCreate>[trees.Count];
        for (var i = 0; i < trees.Count; i++)
        {
            var ns = JsonTree.String(JsonTree.Object(trees[i], "metadata"), "namespace") ?? "";
            preparing[i] = PrepareCreateAsync(schema, ns, trees[i], options, null, cancellationToken).AsTask();
        }
        for (var i = 0; i < trees.Count; i++)
        {
            var prepared = await preparing[i].ConfigureAwait(false);
            if (prepared.Error is { } error)
            {
                results[i] = StoreResult.Refused(error);
                continue;
            }
            (generated[i], undo[i]) = (prepared.Generated, prepared.Undo);
            indexes.Add(i);
            writes.Add(new CreateObject(prepared.Key, UncommittedJson.From(trees[i])));
        }
        for (var round = 1; indexes.Count > 0; round++)
        {
            var written = await Registries.WriteAsync(type, writes.ToImmutable(), cancellationToken).ConfigureAwait(false);
            var again = new List<int>();
            writes.Clear();
            for (var w = 0; w < indexes.Count; w++)
            {
                var i = indexes[w];
                if (generated[i] && round < NamesMax && written[w].Error is { Reason: "AlreadyExists" })
                {
                    var key = Rename(schema, trees[i], new ObjectKey(JsonTree.String(SystemMetadata.Of(trees[i]), "namespace") ?? "", ""));
                    writes.Add(new CreateObject(key, UncommittedJson.From(trees[i])));
                    again.Add(i);
                }
                else
                {
                    if (written[w].Error is { } refused) UndoIfRefused(undo[i], refused);
                    results[i] = ResultOf(written[w]);
                }
            }
            indexes = again;
        }
        return [.. results.Select(r => r!)];
    }

    /// <summary>Replaces the status of many objects of one type in one commit, by splicing; equal bytes write nothing.</summary>
    public async Task<ImmutableArray<StoreResult>> UpdateStatusManyAsync(
        ResourceType type, IReadOnlyList<StatusUpdate> updates, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (updates.Count == 0) return [];
        options ??= WriteOptions.Default;
        var manager = ManagerOf(options);
        var now = _clock.GetUtcNow();
        var written = await WriteAsync(type,
            [.. updates.Select(ObjectWrite (u) => new ReplaceStatus(u.Key, u.Status, u.Uid, u.IfRevision) { Manager = manager, At = now })],
            _ => options.User, cancellationToken).ConfigureAwait(false);
        return [.. written.Select(ResultOf)];
    }

    /// <summary>Replaces the status of one object.</summary>
    public async Task<StoreResult> UpdateStatusAsync(
        ResourceType type, StatusUpdate update, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        (await UpdateStatusManyAsync(type, [update], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Binds pods to nodes in one commit; each that is bound already, or going away, is a Conflict.</summary>
    public async Task<ImmutableArray<StoreResult>> BindManyAsync(IReadOnlyList<(ObjectKey Pod, string NodeName, string? Uid)> bindings, CancellationToken cancellationToken = default)
    {
        if (bindings.Count == 0) return [];
        var now = _clock.GetUtcNow();
        var written = await Registries.WriteAsync(ResourceTypes.Pods,
            [.. bindings.Select(ObjectWrite (b) => new BindPod(b.Pod, b.NodeName, now, b.Uid))], cancellationToken).ConfigureAwait(false);
        return [.. written.Select(ResultOf)];
    }

    /// <summary>Carries out a decoded Binding of core/v1: the pod goes to the node that it names, with the annotations that it brings.</summary>
    public async Task<StoreResult> BindAsync(ObjectKey pod, JsonObject binding, WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= WriteOptions.Default;
        if (await GetAsync(ResourceTypes.Pods, pod, cancellationToken).ConfigureAwait(false) is not { } stored)
            return StoreResult.Refused(ApiError.NotFound(ResourceTypes.Pods, pod.Name));
        // What admission makes of the binding is what counts.
        var request = new AdmissionRequest(AdmissionOperation.Create, SchemaOf(ResourceTypes.Pods), pod, binding, null, "binding", options.DryRun) { User = options.User, Options = options.Given, Notes = options.Notes };
        if (await _admission.AdmitAsync(request, Admitted, cancellationToken).ConfigureAwait(false) is { } forbidden) return StoreResult.Refused(forbidden);
        var target = JsonTree.Object(binding, "target");
        var faults = new FaultList();
        if (JsonTree.String(target, "kind") is { Length: > 0 } kind && kind != "Node")
            faults.NotSupported(FieldPath.Of("target").Child("kind"), kind, ["Node", "<empty>"]);
        var node = JsonTree.String(target, "name");
        if (string.IsNullOrEmpty(node)) faults.Required(FieldPath.Of("target").Child("name"));
        // Nothing else looks at the name before it stands in the pod, whose every later update would be refused for it.
        else if (ObjectNames.Subdomain(node) is { } fault) faults.Invalid(FieldPath.Of("target").Child("name"), node, fault);
        if (faults.ToError("", "Binding", pod.Name) is { } invalid) return StoreResult.Refused(invalid);

        var meta = JsonTree.Object(binding, "metadata");
        if (JsonTree.String(meta, "uid") is { Length: > 0 } uid && uid != stored.Meta.Uid)
            return StoreResult.Refused(ApiError.OtherUid(ResourceTypes.Pods, ResourceTypes.Pods, pod, uid, stored.Meta.Uid));
        if (await _admission.ValidateAsync(request, Admitted, cancellationToken).ConfigureAwait(false) is { } denied) return StoreResult.Refused(denied);
        var bind = new BindPod(pod, node!, _clock.GetUtcNow(), stored.Meta.Uid);
        if (options.DryRun) return Kinds.Pods.PodBinding.Refusal(stored, bind) is { } refusal ? StoreResult.Refused(refusal) : StoreResult.Of(stored);
        if (JsonTree.Object(meta, "annotations") is { Count: > 0 } annotations && Kinds.Pods.PodBinding.Refusal(stored, bind) is null)
        {
            var annotated = await PatchAsync(SchemaOf(ResourceTypes.Pods), pod, tree => (Annotate(tree, annotations), null), "", options, cancellationToken).ConfigureAwait(false);
            if (annotated.Error is not null) return annotated;
        }
        return ResultOf(await WriteAsync(ResourceTypes.Pods, bind, cancellationToken).ConfigureAwait(false));
    }

    private static JsonObject Annotate(JsonObject tree, JsonObject annotations)
    {
        var all = JsonTree.Ensure(SystemMetadata.Of(tree), "annotations");
        foreach (var (name, value) in annotations) all[name] = value?.DeepClone();
        return tree;
    }

    private static StoreResult ResultOf(WriteResult result) =>
        result.Error is { } error ? StoreResult.Refused(error) : StoreResult.Of(result.Object!);
}
