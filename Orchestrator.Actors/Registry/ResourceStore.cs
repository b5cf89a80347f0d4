using System.Collections.Immutable;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.FieldManagement;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Kinds.Services;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Registry;

/// <summary>The verbs of Kubernetes over the registries: what the HTTP API, the shell and the controllers all call.</summary>
/// <remarks>All work before the commit is done here, in parallel and in any process; the registry does what must be serial.
/// One instance per process, called from many threads. Trees that are passed in become the store's to change.</remarks>
public sealed partial class ResourceStore
{
    /// <summary>Most tries of a write that names no version and loses against others (count).</summary>
    private const int AttemptsMax = 12;

    /// <summary>Most names that are tried for a <c>generateName</c> (count). Source: k8s.io/apiserver, registry/generic.</summary>
    private const int NamesMax = 8;

    private readonly Func<SchemaCatalog> _catalog;
    private readonly TimeProvider _clock;
    private readonly IIdentitySource _identities;
    private readonly AdmissionPipeline _admission;

    public ResourceStore(
        IRegistries registries, Func<SchemaCatalog> catalog, TimeProvider clock, IIdentitySource? identities = null, AdmissionPipeline? admission = null)
    {
        Registries = registries;
        _catalog = catalog;
        _clock = clock;
        _identities = identities ?? new RandomIdentitySource();
        _admission = admission ?? AdmissionPipeline.BuiltIn;
    }

    /// <summary>The way to informers and to writes that need no preparation.</summary>
    public IRegistries Registries { get; }

    /// <summary>What Services are given addresses and node ports of.</summary>
    public ServiceRanges ServiceRanges { get; init; } = ServiceRanges.Default;

    /// <summary>The kinds as they are now.</summary>
    public SchemaCatalog Catalog => _catalog();

    /// <summary>The schema in which objects of a type are stored.</summary>
    /// <exception cref="ArgumentException">There is no such type.</exception>
    public ResourceSchema SchemaOf(ResourceType type) => Catalog.Find(type) ?? throw new ArgumentException($"no such type: {type}", nameof(type));

    /// <summary>The object as of all that was committed before this call, or null.</summary>
    public async ValueTask<StoredObject?> GetAsync(ResourceType type, ObjectKey key, CancellationToken cancellationToken = default) =>
        (await Registries.ConsistentAsync(type, cancellationToken).ConfigureAwait(false)).Get(key);

    /// <summary>Takes a request that is not one of the store's own verbs, such as a stream into a pod, through admission.</summary>
    /// <returns>The refusal, or null.</returns>
    public async ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, CancellationToken cancellationToken = default) =>
        await _admission.AdmitAsync(request, Admitted, cancellationToken).ConfigureAwait(false)
        ?? await _admission.ValidateAsync(request, Admitted, cancellationToken).ConfigureAwait(false);

    /// <summary>Creates an object from a decoded tree.</summary>
    /// <param name="schema">The kind as requested.</param>
    /// <param name="ns">The namespace of the request; empty for cluster-scoped kinds.</param>
    /// <param name="tree">The object; its name may be left to <c>generateName</c>.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the wait for the commit, not the commit.</param>
    public Task<StoreResult> CreateAsync(
        ResourceSchema schema, string ns, JsonObject tree, WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        CreateAsync(schema, ns, tree, options ?? WriteOptions.Default, null, cancellationToken);

    private Task<StoreResult> CreateAsync(
        ResourceSchema schema, string ns, JsonObject tree, WriteOptions options, JsonNode? owned, CancellationToken cancellationToken)
    {
        if (ObjectConversion.IsConvertedFirst(schema))
        {
            owned ??= FieldManager.OfCreate(Catalog, schema, tree, ManagerOf(options), _clock.GetUtcNow())?.ToNode();
            ObjectConversion.ToStorage(schema, schema = SchemaOf(schema.StoredAs), tree);
        }
        return schema.Type != ResourceTypes.Services || options.DryRun
            ? CreateOnceAsync(schema, ns, tree, options, owned, cancellationToken)
            : CreateServiceAsync(schema, ns, tree, options, owned, cancellationToken);
    }

    private async Task<StoreResult> CreateServiceAsync(
        ResourceSchema schema, string ns, JsonObject tree, WriteOptions options, JsonNode? owned, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            // What was chosen for a Service may have been given away meanwhile; then all is chosen anew, from what the client sent.
            var result = await CreateOnceAsync(schema, ns, tree.DeepClone().AsObject(), options, owned, cancellationToken).ConfigureAwait(false);
            if (result.Error is not { Reason: "Conflict" } || attempt == AttemptsMax) return result;
        }
    }

    private async Task<StoreResult> CreateOnceAsync(
        ResourceSchema schema, string ns, JsonObject tree, WriteOptions options, JsonNode? owned, CancellationToken cancellationToken)
    {
        var prepared = await PrepareCreateAsync(schema, ns, tree, options, owned, cancellationToken).ConfigureAwait(false);
        if (prepared.Error is { } refused) return StoreResult.Refused(refused);
        var key = prepared.Key;
        var hasPrefix = JsonTree.String(SystemMetadata.Of(tree), "generateName") is { Length: > 0 };
        for (var name = 1; ; name++)
        {
            WriteResult result;
            if (options.DryRun) result = await TryAsync(schema, key, tree, cancellationToken).ConfigureAwait(false);
            else
            {
                var json = UncommittedJson.From(tree);
                // Hundreds of objects, of which nothing is needed any more: while they wait for the disk, they would outlive collections.
                if (!prepared.Generated) tree = null!;
                result = (await Registries.WriteAsync(schema.StoredAs, [new CreateObject(key, json)], cancellationToken).ConfigureAwait(false))[0];
            }
            if (result.Object is { } created) return StoreResult.Of(created) with { Created = true };
            if (result.Error!.Reason != "AlreadyExists" || !prepared.Generated || name == NamesMax) UndoIfRefused(prepared.Undo, result.Error);
            var refusal = Renamed(result.Error!, schema);
            // Said of every object that has a prefix, also of one whose name the client chose, as upstream does.
            if (refusal.Reason != "AlreadyExists" || !hasPrefix) return StoreResult.Refused(refusal);
            if (!prepared.Generated || name == NamesMax)
                return StoreResult.Refused(refusal with { Message = refusal.Message + ", the server was not able to generate a unique name for the object", RetryAfterSeconds = 1 });
            key = Rename(schema, tree, key);
        }
    }

    /// <summary>Replaces an object, or one of its subresources, by a decoded tree.</summary>
    /// <param name="subresource">Empty, <c>status</c> or <c>finalize</c> (namespaces).</param>
    public Task<StoreResult> UpdateAsync(
        ResourceSchema schema, ObjectKey key, JsonObject tree, string subresource = "", WriteOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= WriteOptions.Default;
        if (SystemMetadata.MatchName(tree, key.Name) is { } wrongName) return Task.FromResult(StoreResult.Refused(wrongName));
        if (SystemMetadata.MatchNamespace(tree, schema, key.Namespace) is { } wrongNamespace) return Task.FromResult(StoreResult.Refused(wrongNamespace));
        var (revision, malformed) = SystemMetadata.Precondition(tree, schema);
        if (malformed is not null) return Task.FromResult(StoreResult.Refused(malformed));
        var last = revision is not null;
        return ChangeAsync(schema, key, subresource, (before, _) => Replacement(before), options, WhenAbsent, cancellationToken);

        ChangedTree Replacement(JsonObject before)
        {
            if (OtherUid(JsonTree.String(SystemMetadata.Of(before), "uid") ?? "") is { } other) return new ChangedTree(null, other);
            return revision is null && NeedsVersion(schema)
                ? new ChangedTree(null, ApiError.Invalid(schema.Group, schema.Plural, key.Name,
                    [new ErrorCause("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update")]))
                : new ChangedTree(last ? tree : tree.DeepClone().AsObject(), null);
        }

        Task<StoreResult>? WhenAbsent()
        {
            if (subresource.Length > 0 || !MayCreate(schema)) return null;
            if (OtherUid("") is { } other) return Task.FromResult(StoreResult.Refused(other));
            // A version says nothing of what is not there.
            SystemMetadata.Of(tree).Remove("resourceVersion");
            return CreateAsync(schema, key.Namespace, tree, options, cancellationToken);
        }

        // The uid of an update says which object is meant; that of a patch is a field like others, and immutable.
        ApiError? OtherUid(string stored) =>
            JsonTree.String(SystemMetadata.Of(tree), "uid") is { Length: > 0 } uid && uid != stored ? ApiError.OtherUid(schema.Type, schema.StoredAs, key, uid, stored) : null;
    }

    /// <summary>Changes an object by a function of its current state; when others write in between, the function is called again.</summary>
    /// <param name="patch">Gets a tree of its own, in the version of <paramref name="schema"/> and with its resourceVersion; returns
    /// the new state, or a refusal. A resourceVersion that it changes becomes a precondition.</param>
    public Task<StoreResult> PatchAsync(
        ResourceSchema schema, ObjectKey key, Func<JsonObject, (JsonObject? Tree, ApiError? Error)> patch, string subresource = "",
        WriteOptions? options = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(schema, key, subresource, (tree, _) =>
        {
            var (patched, error) = patch(tree);
            return new ChangedTree(patched, error);
        }, options ?? WriteOptions.Default, static () => null, cancellationToken, check: true);

    private async Task<StoreResult> ChangeAsync(
        ResourceSchema schema, ObjectKey key, string subresource, Func<JsonObject, ConversionPass?, ChangedTree> change, WriteOptions options,
        Func<Task<StoreResult>?> whenAbsent, CancellationToken cancellationToken, bool check = false)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await GetAsync(schema.StoredAs, key, cancellationToken).ConfigureAwait(false) is not { } stored)
                return await (whenAbsent() ?? Task.FromResult(StoreResult.Refused(ApiError.NotFound(schema.Type, key.Name)))).ConfigureAwait(false);
            var proposed = await ProposeAsync(schema, stored, subresource, change, options, check, cancellationToken).ConfigureAwait(false);
            if (proposed.Error is { } refused) return StoreResult.Refused(refused) with { Warnings = proposed.Warnings };
            if (proposed.Outcome == UpdateOutcome.Unchanged) return new StoreResult(stored, null, proposed.Warnings);
            if (options.DryRun) return new StoreResult(new StoredObject(key, stored.Revision, UncommittedJson.From(proposed.Tree!).WithRevision(stored.Revision)), null, proposed.Warnings);

            ObjectWrite write = proposed.Outcome == UpdateOutcome.Remove
                ? new RemoveObject(key, stored.Meta.Uid, stored.Revision)
                : new ReplaceObject(key, UncommittedJson.From(proposed.Tree!), stored.Meta.Uid, stored.Revision);
            var result = await WriteAsync(schema.StoredAs, write, cancellationToken).ConfigureAwait(false);
            if (result.Error is null) return new StoreResult(result.Object, null, proposed.Warnings);
            UndoIfRefused(proposed.Undo, result.Error);
            if (result.Error.Reason != "Conflict" || proposed.Conditional || attempt == AttemptsMax)
                return StoreResult.Refused(Renamed(result.Error, schema)) with { Warnings = proposed.Warnings };
        }
    }

    /// <summary>All that leads to the new state, on top of one stored version.</summary>
    private async ValueTask<Proposal> ProposeAsync(
        ResourceSchema schema, StoredObject stored, string subresource, Func<JsonObject, ConversionPass?, ChangedTree> change, WriteOptions options,
        bool check, CancellationToken cancellationToken)
    {
        var before = stored.ToTree();
        var storage = ObjectConversion.IsStorage(schema) ? schema : SchemaOf(schema.StoredAs);
        if (!ObjectConversion.IsStorage(schema))
        {
            (before, var unconverted) = await FromStorageAsync(schema, before, cancellationToken).ConfigureAwait(false);
            if (unconverted is not null) return new Proposal(unconverted);
        }
        var (changed, undone) = await RunAsync(schema, pass => change(before.DeepClone().AsObject(), pass), cancellationToken).ConfigureAwait(false);
        if (undone is not null) return new Proposal(undone);
        if (changed.Error is not null) return new Proposal(changed.Error);
        var tree = changed.Tree;
        var record = FieldManager.TakeOut(before);
        var warnings = ImmutableArray<string>.Empty;
        if (check)
        {
            var decoded = ObjectDecoder.Check(schema, tree!, options.FieldValidation, options.Duplicates);
            if (decoded.Error is not null) return new Proposal(decoded.Fault is { } misfit && options.Undecodable is { } words ? words(misfit, tree!) : decoded.Error);
            (tree, warnings) = (decoded.Tree, decoded.Warnings);
            if ((SystemMetadata.MatchName(tree!, stored.Key.Name) ?? SystemMetadata.MatchNamespace(tree!, schema, stored.Key.Namespace)) is { } mismatch) return new Proposal(mismatch);
        }
        var owned = changed.Owned;
        if (ObjectConversion.IsConvertedFirst(schema))
        {
            owned ??= OwnedAfter(schema, before, tree!, record, FieldManager.TakeOut(tree!), subresource, options, null);
            ObjectConversion.ToStorage(schema, storage, tree!);
            (schema, before) = (storage, stored.ToTree());
            FieldManager.TakeOut(before);
        }
        var (revision, malformed) = SystemMetadata.Precondition(tree!, schema);
        if (malformed is not null) return new Proposal(malformed);
        if (revision is { } seen && seen != stored.Revision) return new Proposal(ApiError.Modified(schema.Type, stored.Key.Name));
        if (check && JsonTree.String(SystemMetadata.Of(tree!), "uid") is { Length: > 0 } uid && uid != stored.Meta.Uid)
            return new Proposal(ImmutableUid(schema, stored, uid));

        Defaulting.Apply(schema, tree!);
        if (owned is null)
        {
            var given = FieldManager.TakeOut(tree!);
            (owned, var unconverted) = await RunAsync(
                schema, pass => (OwnedFields?)OwnedAfter(schema, before, tree!, record, given, subresource, options, pass), cancellationToken).ConfigureAwait(false);
            if (unconverted is not null) return new Proposal(unconverted);
        }
        // Who scales is admitted by the Scale, and plugins change that.
        var scale = options.OwnedThrough == "scale" && subresource.Length == 0 ? schema.Subresource("scale") : null;
        var request = new AdmissionRequest(AdmissionOperation.Update, schema, stored.Key, scale is null ? tree : ScaleSubresource.Read(scale, tree!), stored,
            scale is null ? subresource : scale.Name, options.DryRun)
        { User = options.User, Options = options.Given, Notes = options.Notes };
        if (await _admission.AdmitAsync(request, Admitted, cancellationToken).ConfigureAwait(false) is { } forbidden) return new Proposal(forbidden);
        if (scale is not null && ScaleSubresource.Take(scale, request.Object!, tree!) is { } unfit) return new Proposal(unfit);
        if (request.NeedsDefaults) Defaulting.Apply(schema, tree!);
        ObjectUpdate.Prepare(schema, tree!, before, subresource, _clock.GetUtcNow());
        if (Validation.ValidateUpdate(schema, tree!, before, subresource, request.Notes) is { } invalid) return new Proposal(invalid) { Warnings = warnings };
        if (request.Notes is { } notes && subresource.Length == 0) Kinds.KindWarnings.Tell(schema, tree!, before, notes);
        if (await _admission.ValidateAsync(request, Admitted, cancellationToken).ConfigureAwait(false) is { } denied) return new Proposal(denied) { Warnings = warnings };
        if (schema.Type == ResourceTypes.Services && subresource.Length == 0
            && await AllocateAsync(stored.Key, tree!, cancellationToken).ConfigureAwait(false) is { } exhausted)
        {
            request.Undo?.Invoke();
            return new Proposal(exhausted) { Warnings = warnings };
        }
        var outcome = ObjectUpdate.Decide(schema, tree!, before);
        // What is read otherwise than it is stored is stored anew by a change of nothing: that is how stored versions are brought up to date.
        var refreshes = outcome == UpdateOutcome.Unchanged && ObjectConversion.IsReadAnew(schema);
        if (outcome == UpdateOutcome.Unchanged && (refreshes || owned!.Value.Changed)) outcome = UpdateOutcome.Replace;
        if (outcome != UpdateOutcome.Unchanged) FieldManager.PutIn(tree!, owned!.Value.ToStore());
        if (!ReferenceEquals(schema, storage))
        {
            (tree, var unconverted) = await ToStorageAsync(schema, storage, tree!, cancellationToken).ConfigureAwait(false);
            if (unconverted is not null) return new Proposal(unconverted) { Warnings = warnings };
        }
        if (refreshes && ObjectUpdate.IsStoredSo(tree!, stored)) outcome = UpdateOutcome.Unchanged;
        // A patch sees the version that it changes; only one that names another, or an update that names one, is a condition.
        return new Proposal(null) { Tree = tree, Outcome = outcome, Conditional = revision is not null && !check, Warnings = warnings, Undo = request.Undo };
    }

    /// <summary>Only a refusal is certain: what was not answered in time may have been carried out.</summary>
    private static void UndoIfRefused(Action? undo, ApiError error)
    {
        if (error.Code is >= 400 and < 500) undo?.Invoke();
    }

    private static ApiError ImmutableUid(ResourceSchema schema, StoredObject stored, string uid)
    {
        var faults = new FaultList();
        faults.Invalid(FieldPath.Of("metadata").Child("uid"), uid, "field is immutable");
        return faults.ToError(schema.Group, schema.Kind, stored.Key.Name)!;
    }

    private async ValueTask<PreparedCreate> PrepareCreateAsync(
        ResourceSchema schema, string ns, JsonObject tree, WriteOptions options, JsonNode? owned, CancellationToken cancellationToken)
    {
        var (error, generated) = ObjectCreation.Complete(schema, ns, tree, _identities);
        if (error is not null) return new PreparedCreate(default, false, error);
        if (owned is null && schema.Conversion is not null)
        {
            (var record, error) = await RunAsync(schema, pass => FieldManager.OfCreate(
                Catalog, schema, tree.DeepClone().AsObject(), ManagerOf(options), _clock.GetUtcNow(), pass), cancellationToken).ConfigureAwait(false);
            if (error is not null) return new PreparedCreate(default, false, error);
            FieldManager.TakeOut(tree);
            owned = record?.ToNode();
        }
        else owned ??= FieldManager.OfCreate(Catalog, schema, tree, ManagerOf(options), _clock.GetUtcNow())?.ToNode();
        var key = new ObjectKey(schema.Namespaced ? ns : "", JsonTree.String(SystemMetadata.Of(tree), "name") ?? "");
        var template = TemplateSpec.Open(tree);
        var request = new AdmissionRequest(AdmissionOperation.Create, schema, key, tree, null, "", options.DryRun) { User = options.User, Options = options.Given, Notes = options.Notes };
        var pending = _admission.AdmitAsync(request, Admitted, cancellationToken);
        error = pending.IsCompletedSuccessfully ? pending.Result : await pending.ConfigureAwait(false);
        if (error is not null) return new PreparedCreate(key, false, error);
        if (request.NeedsDefaults) Defaulting.Apply(schema, tree);
        template?.Close(tree);
        ObjectCreation.Finish(schema, tree, options.Uid ?? _identities.NewUid(), _clock.GetUtcNow(), options.User);
        // Some kinds name what nobody has named.
        if (key.Name.Length == 0) key = key with { Name = JsonTree.String(SystemMetadata.Of(tree), "name") ?? "" };
        if (Validation.ValidateCreate(schema, tree) is { } invalid) return new PreparedCreate(key, false, invalid);
        if (options.Notes is { } notes) Kinds.KindWarnings.Tell(schema, tree, null, notes);
        var validating = _admission.ValidateAsync(request, Admitted, cancellationToken);
        error = validating.IsCompletedSuccessfully ? validating.Result : await validating.ConfigureAwait(false);
        if (error is not null) return new PreparedCreate(key, false, error);
        if (schema.Type == ResourceTypes.Services && await AllocateAsync(key, tree, cancellationToken).ConfigureAwait(false) is { } exhausted)
        {
            request.Undo?.Invoke();
            return new PreparedCreate(key, false, exhausted);
        }
        FieldManager.PutIn(tree, owned is JsonArray { Count: 0 } ? null : owned);
        return ObjectConversion.IsStorage(schema) || await StoreAsAsync(schema, tree, cancellationToken).ConfigureAwait(false) is not { } unconverted
            ? new PreparedCreate(key, generated, null, request.Undo)
            : new PreparedCreate(key, false, unconverted);
    }

    private async Task<ApiError?> AllocateAsync(ObjectKey key, JsonObject service, CancellationToken cancellationToken)
    {
        var informer = await Registries.ConsistentAsync(ResourceTypes.Services, cancellationToken).ConfigureAwait(false);
        var held = informer.Get(key) is { } before ? ServiceView.Of(before).Claims : [];
        return ServiceAllocation.Allocate(service, informer.Objects.EnumerateFrom().Where(o => o.Key != key), held, ServiceRanges, Random.Shared);
    }

    private async Task<WriteResult> WriteAsync(ResourceType type, ObjectWrite write, CancellationToken cancellationToken) =>
        (await Registries.WriteAsync(type, [write], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>What a write would say, without the write.</summary>
    private async Task<WriteResult> TryAsync(ResourceSchema schema, ObjectKey key, JsonObject tree, CancellationToken cancellationToken) =>
        await GetAsync(schema.StoredAs, key, cancellationToken).ConfigureAwait(false) is { } existing
            ? new WriteResult(null, ApiError.AlreadyExists(schema.StoredAs, key.Name, existing.Meta.Deleting))
            : new WriteResult(new StoredObject(key, 0, JsonBytes(tree)), null);

    private ObjectKey Rename(ResourceSchema schema, JsonObject tree, ObjectKey key)
    {
        var meta = SystemMetadata.Of(tree);
        var name = _identities.NewName(JsonTree.String(meta, "generateName")!);
        meta["name"] = name;
        if (schema.Type == ResourceTypes.Namespaces) JsonTree.Ensure(meta, "labels")["kubernetes.io/metadata.name"] = name;
        return key with { Name = name };
    }

    // The registry knows the type under which it stores; the client asked under another group.
    private static ApiError Renamed(ApiError error, ResourceSchema schema) =>
        schema.StoredAs == schema.Type || error.Kind.Length == 0 ? error : error with { Group = schema.Group, Kind = schema.Plural };

    // Source: the strategies of kube-apiserver, AllowUnconditionalUpdate and AllowCreateOnUpdate.
    private static bool NeedsVersion(ResourceSchema schema) =>
        schema.IsCustom || schema.UpdateNeedsVersion;

    private static bool MayCreate(ResourceSchema schema) =>
        schema.UpdateMayCreate;

    private static byte[] JsonBytes(JsonObject tree) => JsonTree.ToUtf8(tree);

    private readonly record struct PreparedCreate(ObjectKey Key, bool Generated, ApiError? Error, Action? Undo = null);

    private readonly record struct Proposal(ApiError? Error)
    {
        public JsonObject? Tree { get; init; }
        public UpdateOutcome Outcome { get; init; }
        public bool Conditional { get; init; }
        public ImmutableArray<string> Warnings { get; init; } = [];

        /// <summary>Takes back what admission did elsewhere.</summary>
        public Action? Undo { get; init; }
    }
}
