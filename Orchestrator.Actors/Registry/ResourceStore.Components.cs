using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Registry;

/// <summary>As whom a part of this product writes.</summary>
public delegate UserInfo WriterOf(ObjectWrite write);

public sealed partial class ResourceStore
{
    /// <summary>Most writes of parts of this product that are on their way through admission at a time (count): what waits for a webhook costs
    /// little, but a dead one is not to gather all the pods of a cluster.</summary>
    private const int AdmittedMax = 256;

    /// <summary>How long the configurations of admission may take to arrive in a process that has just begun.</summary>
    private static readonly TimeSpan ConfigurationsWithin = TimeSpan.FromSeconds(15);

    private static readonly SemaphoreSlim Admitting = new(AdmittedMax);

    /// <summary>The registries as a part of this product sees them that is a client in Kubernetes: what it writes passes admission where
    /// somebody has configured that.</summary>
    public IRegistries Admitted => field ??= new AdmittedRegistries(this);

    /// <summary>Writes what a part of this product has prepared. Where no webhook and no policy is about writes of this kind, as it is and in
    /// one commit; else each write is a request of the part's user, and passes admission as any other.</summary>
    /// <returns>What became of each, in order.</returns>
    /// <remarks>Bindings, status and heartbeats are the most frequent writes of a cluster, so the way that nobody watches is the short one.</remarks>
    public async Task<ImmutableArray<WriteResult>> WriteAsync(
        ResourceType type, ImmutableArray<ObjectWrite> writes, WriterOf writer, CancellationToken cancellationToken = default)
    {
        try
        {
            if (!await AnyWatchedAsync(type, writes, cancellationToken).AsTask().WaitAsync(ConfigurationsWithin, _clock, cancellationToken).ConfigureAwait(false))
                return await Registries.WriteAsync(type, writes, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            var error = ApiError.Timeout("the configurations of admission cannot be read");
            return [.. writes.Select(_ => new WriteResult(null, error))];
        }
        var results = new WriteResult[writes.Length];
        // Writes to one object stay in their order; others do not wait for each other.
        await Task.WhenAll(Enumerable.Range(0, writes.Length).GroupBy(i => writes[i].Key).Select(async own =>
        {
            foreach (var i in own) results[i] = await AdmitAsync(type, writes[i], writer(writes[i]), cancellationToken).ConfigureAwait(false);
        })).ConfigureAwait(false);
        return [.. results];
    }

    private async ValueTask<bool> AnyWatchedAsync(ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken)
    {
        WriteKind last = default;
        foreach (var write in writes)
        {
            var kind = KindOf(type, write);
            if (kind == last) continue;
            last = kind;
            if (await _admission.WatchesAsync(kind, Registries, cancellationToken).ConfigureAwait(false)) return true;
            // A node is replaced with its status, which is two requests.
            if (write is ReplaceObject && type == ResourceTypes.Nodes
                && await _admission.WatchesAsync(kind with { Subresource = "status" }, Registries, cancellationToken).ConfigureAwait(false)) return true;
            // What replaces a pod lets it go.
            if (write is ReplaceObject && type == ResourceTypes.Pods
                && await _admission.WatchesAsync(kind with { Operation = AdmissionOperation.Delete }, Registries, cancellationToken).ConfigureAwait(false)) return true;
        }
        return false;
    }

    private static WriteKind KindOf(ResourceType type, ObjectWrite write) => write switch
    {
        ReplaceStatus => new WriteKind(type, "status", AdmissionOperation.Update),
        BindPod => new WriteKind(type, "binding", AdmissionOperation.Create),
        CreateObject => new WriteKind(type, "", AdmissionOperation.Create),
        RemoveObject => new WriteKind(type, "", AdmissionOperation.Delete),
        _ => new WriteKind(type, "", AdmissionOperation.Update),
    };

    private async Task<WriteResult> AdmitAsync(ResourceType type, ObjectWrite write, UserInfo user, CancellationToken cancellationToken)
    {
        // A charge of a quota is a part of another write, which may have its place here already: it waits for nobody. A namespace has one at a time.
        if (type == ResourceTypes.ResourceQuotas) return await AdmittedAsync(type, write, user, cancellationToken).ConfigureAwait(false);
        await Admitting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await AdmittedAsync(type, write, user, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Admitting.Release();
        }
    }

    private async Task<WriteResult> AdmittedAsync(ResourceType type, ObjectWrite write, UserInfo user, CancellationToken cancellationToken)
    {
        var schema = SchemaOf(type);
        var options = new WriteOptions { User = user, FieldManager = ManagerOf(write) };
        var result = write switch
        {
            ReplaceStatus status => await ReplaceStatusAsync(schema, status.Key, JsonNode.Parse(status.Status.Span)!, status, options, cancellationToken).ConfigureAwait(false),
            BindPod bind => await BindAsync(bind.Key, BindingOf(bind), options, cancellationToken).ConfigureAwait(false),
            CreateObject create => await CreateAsync(schema, create.Key.Namespace, Tree(create.Json), options with { Uid = UidOf(create.Json) }, cancellationToken).ConfigureAwait(false),
            ReplaceObject replace => await ReplaceAsync(schema, replace, options, cancellationToken).ConfigureAwait(false),
            _ => await LetGoAsync(schema, write, user, cancellationToken).ConfigureAwait(false),
        };
        return new WriteResult(result.Object, result.Error);
    }

    private Task<StoreResult> ReplaceStatusAsync(
        ResourceSchema schema, ObjectKey key, JsonNode status, ObjectWrite write, WriteOptions options, CancellationToken cancellationToken) =>
        PatchAsync(schema, key, tree =>
        {
            if (Outdated(schema, write, tree) is { } outdated) return (null, outdated);
            tree["status"] = status.DeepClone();
            return (tree, null);
        }, "status", options, cancellationToken);

    private async Task<StoreResult> ReplaceAsync(ResourceSchema schema, ReplaceObject write, WriteOptions options, CancellationToken cancellationToken)
    {
        if (schema.Type == ResourceTypes.Pods) return await LetGoAsync(schema, write, options.User, cancellationToken).ConfigureAwait(false);
        var next = Tree(write.Json);
        var status = next["status"];
        var result = await PatchAsync(schema, write.Key, tree =>
        {
            if (Outdated(schema, write, tree) is { } outdated) return (null, outdated);
            var before = SystemMetadata.Of(tree);
            foreach (var (name, value) in next)
                if (name is not ("metadata" or "status")) tree[name] = value?.DeepClone();
            foreach (var field in (string[])["labels", "annotations", "ownerReferences"])
                if (SystemMetadata.Of(next)[field] is { } value) before[field] = value.DeepClone();
            return (tree, null);
        }, "", options, cancellationToken).ConfigureAwait(false);
        if (result.Error is not null || status is null || schema.Subresource("status") is null) return result;
        return await ReplaceStatusAsync(schema, write.Key, status, write with { IfRevision = null }, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes at once, or as far as finalizers allow.</summary>
    private async Task<StoreResult> LetGoAsync(ResourceSchema schema, ObjectWrite write, UserInfo user, CancellationToken cancellationToken)
    {
        var deleted = await DeleteAsync(schema, write.Key, new DeleteOptions { GracePeriodSeconds = 0, Uid = write.Uid, User = user }, cancellationToken).ConfigureAwait(false);
        return new StoreResult(deleted.Object, deleted.Error, []);
    }

    // As the registry would refuse it.
    private static ApiError? Outdated(ResourceSchema schema, ObjectWrite write, JsonObject stored)
    {
        var meta = SystemMetadata.Of(stored);
        if (write.Uid is { } uid && JsonTree.String(meta, "uid") is var found && found != uid) return ApiError.OtherUid(schema.Type, schema.StoredAs, write.Key, uid, found ?? "");
        return write.IfRevision is { } revision && JsonTree.String(meta, "resourceVersion") != Text(revision) ? ApiError.Modified(schema.Type, write.Key.Name) : null;
    }

    private static JsonObject BindingOf(BindPod bind)
    {
        var metadata = new JsonObject { ["name"] = bind.Key.Name, ["namespace"] = bind.Key.Namespace };
        if (bind.Uid is not null) metadata["uid"] = bind.Uid;
        return new JsonObject
        {
            ["kind"] = "Binding",
            ["apiVersion"] = "v1",
            ["metadata"] = metadata,
            ["target"] = new JsonObject { ["kind"] = "Node", ["name"] = bind.NodeName },
        };
    }

    private static JsonObject Tree(UncommittedJson json)
    {
        var tree = JsonNode.Parse(json.Bytes)!.AsObject();
        SystemMetadata.Of(tree).Remove("resourceVersion");
        FieldManagement.FieldManager.TakeOut(tree);
        return tree;
    }

    // Who prepared the write has said in the object who owns it.
    private static string ManagerOf(ObjectWrite write) => write switch
    {
        ReplaceStatus status => status.Manager,
        CreateObject create => ManagerIn(create.Json),
        ReplaceObject replace => ManagerIn(replace.Json),
        _ => "",
    };

    private static string ManagerIn(UncommittedJson json)
    {
        using var document = JsonDocument.Parse(json.Bytes);
        return document.RootElement.Get("metadata").Items("managedFields").LastOrDefault().Text("manager");
    }

    private static string? UidOf(UncommittedJson json) => ObjectMeta.Parse(json.WithRevision(0)).Uid;

    private sealed class AdmittedRegistries(ResourceStore store) : IRegistries
    {
        public IChangeHistory History => store.Registries.History;

        public IEnumerable<Informer> Informers => store.Registries.Informers;

        public Task<ImmutableArray<WriteResult>> WriteAsync(ResourceType type, ImmutableArray<ObjectWrite> writes, CancellationToken cancellationToken = default) =>
            store.Registries.WriteAsync(type, writes, cancellationToken);

        public Task<ImmutableArray<WriteResult>> WriteAsync(
            ResourceType type, ImmutableArray<ObjectWrite> writes, WriterOf writer, CancellationToken cancellationToken = default) =>
            store.WriteAsync(type, writes, writer, cancellationToken);

        public ValueTask<Informer> InformerAsync(ResourceType type, CancellationToken cancellationToken = default) => store.Registries.InformerAsync(type, cancellationToken);

        public ValueTask<Informer> ConsistentAsync(ResourceType type, CancellationToken cancellationToken = default) => store.Registries.ConsistentAsync(type, cancellationToken);
    }
}
