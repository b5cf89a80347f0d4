using System.Collections.Immutable;
using Orchestrator.Actors.Admission.LimitRanges;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Applies the LimitRanges of a namespace to its pods and claims.</summary>
/// <remarks>Source: kube-apiserver, admission plugin LimitRanger.</remarks>
public sealed class LimitRanger : IAdmissionPlugin
{
    private static readonly ImmutableArray<ImmutableArray<LimitRangeItem>> Unlimited = [];

    private readonly NamespaceRules<ImmutableArray<ImmutableArray<LimitRangeItem>>> _limits =
        new(ResourceTypes.LimitRanges, static objects => [.. objects.Select(LimitRangeItem.ReadAll)], Unlimited);

    public string Name => "LimitRanger";

    public ValueTask<ApiError?> AdmitAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken) =>
        request.Operation == AdmissionOperation.Create && request.IsOf(ResourceTypes.Pods)
            ? RunAsync(request, SetDefaults, registries, cancellationToken)
            : ValueTask.FromResult<ApiError?>(null);

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        // The containers of a pod are settled with its creation; a claim may grow.
        var concerned = request.Operation == AdmissionOperation.Create ? request.IsOf(ResourceTypes.Pods) || request.IsOf(ResourceTypes.PersistentVolumeClaims)
            : request.Operation == AdmissionOperation.Update && request.IsOf(ResourceTypes.PersistentVolumeClaims)
                && request.Stored is not { Meta.Deleting: true };
        return concerned ? RunAsync(request, Check, registries, cancellationToken) : ValueTask.FromResult<ApiError?>(null);
    }

    private ValueTask<ApiError?> RunAsync(
        AdmissionRequest request, Func<AdmissionRequest, ImmutableArray<ImmutableArray<LimitRangeItem>>, ApiError?> run, IRegistries registries, CancellationToken cancellationToken)
    {
        var pending = _limits.InAsync(request.Key.Namespace, registries, cancellationToken);
        return pending.IsCompletedSuccessfully ? ValueTask.FromResult(run(request, pending.Result)) : WaitAsync(pending, request, run);
    }

    private static async ValueTask<ApiError?> WaitAsync(
        ValueTask<ImmutableArray<ImmutableArray<LimitRangeItem>>> pending, AdmissionRequest request,
        Func<AdmissionRequest, ImmutableArray<ImmutableArray<LimitRangeItem>>, ApiError?> run) => run(request, await pending.ConfigureAwait(false));

    private static ApiError? SetDefaults(AdmissionRequest request, ImmutableArray<ImmutableArray<LimitRangeItem>> ranges)
    {
        foreach (var items in ranges)
            if (LimitRangeCheck.SetDefaults(request.Object!, items)) request.NeedsDefaults = true;
        return null;
    }

    private static ApiError? Check(AdmissionRequest request, ImmutableArray<ImmutableArray<LimitRangeItem>> ranges)
    {
        foreach (var items in ranges)
        {
            var faults = request.Schema.Type == ResourceTypes.Pods ? LimitRangeCheck.Pod(request.Object!, items) : LimitRangeCheck.Claim(request.Object!, items);
            if (faults.Count == 0) continue;
            return ApiError.Forbidden(request.Schema.Type, request.Key.Name, faults.Count == 1 ? faults[0] : $"[{string.Join(", ", faults)}]");
        }
        return null;
    }
}
