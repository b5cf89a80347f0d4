using Orchestrator.Actors.Kinds.ResourceQuotas;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Plugins;

/// <summary>Charges the quotas of a namespace for what is made in it, and refuses what exceeds them. The last of all plugins, so that
/// nothing is charged for what another one refuses.</summary>
/// <remarks>Source: kube-apiserver, admission plugin ResourceQuota.</remarks>
public sealed class ResourceQuota(TimeProvider clock) : IAdmissionPlugin
{
    private static readonly TimeSpan GivenBackMax = QuotaCharges.InFlight / 2;

    private readonly QuotaLedger _ledger = new();

    public string Name => "ResourceQuota";

    public ValueTask<ApiError?> ValidateAsync(AdmissionRequest request, IRegistries registries, CancellationToken cancellationToken)
    {
        if (!request.Schema.Namespaced || request.Schema.IsVirtual || !MayUseMore(request)) return ValueTask.FromResult<ApiError?>(null);
        var pending = registries.InformerAsync(ResourceTypes.ResourceQuotas, cancellationToken);
        return pending.IsCompletedSuccessfully
            ? Check(request, pending.Result, registries, cancellationToken)
            : CheckLateAsync(request, pending, registries, cancellationToken);
    }

    private async ValueTask<ApiError?> CheckLateAsync(AdmissionRequest request, ValueTask<Informer> pending, IRegistries registries, CancellationToken cancellationToken) =>
        await Check(request, await pending.ConfigureAwait(false), registries, cancellationToken).ConfigureAwait(false);

    private ValueTask<ApiError?> Check(AdmissionRequest request, Informer quotas, IRegistries registries, CancellationToken cancellationToken)
    {
        if (quotas.Objects.Count == 0) return ValueTask.FromResult<ApiError?>(null);
        var type = request.Schema.StoredAs;
        var concerned = false;
        foreach (var quota in quotas.Objects.InNamespace(request.Key.Namespace))
            if (QuotaCheck.Concerns(ResourceQuotaView.Of(quota), type)) concerned = true;
        if (!concerned) return ValueTask.FromResult<ApiError?>(null);

        var now = clock.GetUtcNow();
        var item = QuotaItem.Of(type, request.Object!, now);
        var before = request.Stored is { } stored && request.Operation == AdmissionOperation.Update ? QuotaItem.Of(type, stored.ToTree(), now) : null;
        var wanted = QuotaRequest.Of(type, request.Key.Name, item, before);
        // An update that uses no more than before passes even where a quota has been exceeded meanwhile.
        if (before is not null && wanted.Delta.Count == 0) return ValueTask.FromResult<ApiError?>(null);
        var charge = _ledger.Charge(request.Key.Namespace, wanted, request.DryRun, registries);
        // What is not given back soon the controller takes back, which must not happen twice.
        if (!request.DryRun)
            request.Undo += () =>
            {
                if (charge.Answer is { IsCompletedSuccessfully: true, Result: null } && clock.GetUtcNow() - now < GivenBackMax) charge.GiveBack();
            };
        return new ValueTask<ApiError?>(cancellationToken.CanBeCanceled ? charge.Answer.WaitAsync(cancellationToken) : charge.Answer);
    }

    private static bool MayUseMore(AdmissionRequest request) => request.Operation switch
    {
        AdmissionOperation.Create => request.Subresource.Length == 0,
        AdmissionOperation.Update => request.IsOf(ResourceTypes.Services) || request.IsOf(ResourceTypes.PersistentVolumeClaims) || request.IsOf(ResourceTypes.Pods),
        _ => false,
    };
}
