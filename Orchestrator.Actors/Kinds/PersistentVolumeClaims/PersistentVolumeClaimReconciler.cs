using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.PersistentVolumes;
using Orchestrator.Actors.Kinds.StorageClasses;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PersistentVolumeClaims;

/// <summary>Brings a claim to its volume, one write per pass: first the volume says whose it is, then the claim, then its status.</summary>
/// <remarks>
/// The first write is refused when the volume has changed meanwhile, so no two claims get one volume, whoever binds them and wherever.
/// Source: kube-controller-manager, volume/persistentvolume/pv_controller.go (syncClaim).
/// </remarks>
public sealed class PersistentVolumeClaimReconciler
{
    private const string Provisioner = "volume.kubernetes.io/storage-provisioner";
    private const string OldProvisioner = "volume.beta.kubernetes.io/storage-provisioner";

    private readonly ImmutableArray<ControllerAction>.Builder _actions = ImmutableArray.CreateBuilder<ControllerAction>();
    private readonly PersistentVolumeClaimView _claim;
    private readonly StorageObserved _observed;

    private PersistentVolumeClaimReconciler(PersistentVolumeClaimView claim, StorageObserved observed) => (_claim, _observed) = (claim, observed);

    public static ReconcileResult Reconcile(PersistentVolumeClaimView claim, StorageObserved observed, ReconcileContext context)
    {
        var pass = new PersistentVolumeClaimReconciler(claim, observed);
        if (claim.BindCompleted)
        {
            // A claim that is lost stays so.
            var lost = pass.KeepBound();
            if (lost && claim.Phase != "Lost" && !context.Confirmed)
                return new ReconcileResult(pass._actions.ToImmutable()) { Confirm = [ResourceTypes.PersistentVolumes] };
        }
        else if (claim.VolumeName.Length == 0) pass.Find();
        else pass.BindAsAsked();
        return new ReconcileResult(pass._actions.ToImmutable());
    }

    /// <summary>Whether the claim waits for the pod that uses it.</summary>
    public static bool WaitsForConsumer(PersistentVolumeClaimView claim, Func<string, StorageClassView?> find) =>
        !string.IsNullOrEmpty(claim.StorageClass) && find(claim.StorageClass)?.WaitsForConsumer == true;

    private bool KeepBound()
    {
        if (_claim.VolumeName.Length == 0) return Lose("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
        if (_observed.Volume(_claim.VolumeName) is not { } volume) return Lose("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
        if (volume.Claim is null || (volume.Claim.Uid.Length == 0 && volume.IsFor(_claim))) Take(volume);
        else if (volume.Claim.Uid == _claim.Uid) WriteStatus("Bound", volume);
        else return Lose("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
        return false;
    }

    private bool Lose(string reason, string message)
    {
        if (WriteStatus("Lost", null)) Tell(true, reason, message);
        return true;
    }

    private void Find()
    {
        if (_claim.StorageClass is null && DefaultClass() is { } given)
        {
            _actions.Add(Patch(new JsonObject { ["spec"] = new JsonObject { ["storageClassName"] = given.Name } }));
            return;
        }
        var waits = WaitsForConsumer(_claim, _observed.Class);
        var node = waits && _claim.SelectedNode is { } selected ? _observed.Node(selected) : null;
        if (VolumeMatching.Best(_claim, _observed.Volumes, node, keptOnly: waits && node is null) is { } volume)
        {
            Bind(volume);
            return;
        }
        if (waits && _claim.SelectedNode is null) TellWhatItWaitsFor();
        else if (!string.IsNullOrEmpty(_claim.StorageClass)) Provision(waits);
        else Tell(false, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
        WriteStatus("Pending", null);
    }

    private void BindAsAsked()
    {
        if (_observed.Volume(_claim.VolumeName) is { } volume)
        {
            if (volume.IsFor(_claim))
            {
                Bind(volume);
                return;
            }
            if (volume.Claim is not null) Tell(true, "FailedBinding", $"volume \"{volume.Name}\" already bound to a different claim.");
            else if (VolumeMatching.Fault(volume, _claim) is { } fault)
                Tell(true, "VolumeMismatch", $"Cannot bind to requested volume \"{volume.Name}\": {fault}");
            else
            {
                Bind(volume);
                return;
            }
        }
        WriteStatus("Pending", null);
    }

    private void Bind(PersistentVolumeView volume)
    {
        if (volume.Claim?.Uid != _claim.Uid)
        {
            Take(volume);
            return;
        }
        var annotations = new JsonObject { [PersistentVolumeClaimView.BindCompletedAnnotation] = "yes" };
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } };
        if (_claim.VolumeName != volume.Name)
        {
            annotations[PersistentVolumeClaimView.BoundByControllerAnnotation] = "yes";
            patch["spec"] = new JsonObject { ["volumeName"] = volume.Name };
        }
        _actions.Add(Patch(patch));
    }

    private void Take(PersistentVolumeView volume)
    {
        var patch = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["claimRef"] = new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "PersistentVolumeClaim",
                    ["namespace"] = _claim.Key.Namespace,
                    ["name"] = _claim.Key.Name,
                    ["uid"] = _claim.Uid,
                    ["resourceVersion"] = _claim.Source.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture),
                },
            },
        };
        // One that somebody kept for the claim goes back to being kept for it, not to the pool.
        if (!volume.IsFor(_claim))
            patch["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [PersistentVolumeClaimView.BoundByControllerAnnotation] = "yes" } };
        _actions.Add(new PatchAction(ResourceTypes.PersistentVolumes, volume.Source.Key, volume.Uid, patch, volume.Source.Revision));
    }

    private void TellWhatItWaitsFor()
    {
        var pods = _observed.Waiting(_claim).ToList();
        if (pods.Count == 0) Tell(false, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
        else Tell(false, "WaitForPodScheduled", $"waiting for pod{(pods.Count > 1 ? "s" : "")} {string.Join(',', pods)} to be scheduled");
    }

    private void Provision(bool waits)
    {
        if (_observed.Class(_claim.StorageClass!) is not { } storageClass)
        {
            Tell(true, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{_claim.StorageClass}\" not found");
            return;
        }
        // The volume that the scheduler counted on has gone to somebody else, or the node has: it may choose again.
        if (waits && (storageClass.Provisioner == StorageClassView.NoProvisioner || _observed.Node(_claim.SelectedNode!) is null))
        {
            _actions.Add(Patch(new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [PersistentVolumeClaimView.SelectedNodeAnnotation] = null } },
            }));
            return;
        }
        if (storageClass.Provisioner.StartsWith("kubernetes.io/", StringComparison.Ordinal))
        {
            Tell(true, "ProvisioningFailed", $"no volume plugin matched name: {storageClass.Provisioner}");
            return;
        }
        if (_claim.Meta.Annotations.GetValueOrDefault(Provisioner) != storageClass.Provisioner)
        {
            _actions.Add(Patch(new JsonObject
            {
                ["metadata"] = new JsonObject
                {
                    ["annotations"] = new JsonObject { [Provisioner] = storageClass.Provisioner, [OldProvisioner] = storageClass.Provisioner },
                },
            }));
        }
        Tell(false, "ExternalProvisioning",
            $"Waiting for a volume to be created either by the external provisioner '{storageClass.Provisioner}' or manually by the system administrator. " +
            "If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
    }

    private StorageClassView? DefaultClass() => _observed.Classes.Where(static c => c.IsDefault)
        .OrderByDescending(static c => c.Source.Meta.CreationTimestamp).ThenBy(static c => c.Name, StringComparer.Ordinal).FirstOrDefault();

    private bool WriteStatus(string phase, PersistentVolumeView? volume)
    {
        var status = StatusWrite.Current(_claim.Source);
        status["phase"] = phase;
        if (volume is null)
        {
            status.Remove("accessModes");
            status.Remove("capacity");
        }
        else
        {
            var spec = volume.Source.ToTree()["spec"]!.AsObject();
            status["accessModes"] = spec["accessModes"]?.DeepClone();
            // A bound claim may have grown beyond what its volume says.
            if (_claim.Phase != phase) status["capacity"] = spec["capacity"]?.DeepClone();
        }
        if (StatusWrite.IfChanged(ResourceTypes.PersistentVolumeClaims, _claim.Source, status) is not { } write) return false;
        _actions.Add(write);
        return true;
    }

    private PatchAction Patch(JsonObject patch) => new(ResourceTypes.PersistentVolumeClaims, _claim.Key, _claim.Uid, patch);

    private void Tell(bool warning, string reason, string message) =>
        _actions.Add(new EventAction(ResourceTypes.PersistentVolumeClaims, _claim.Key, "v1", "PersistentVolumeClaim", _claim.Uid, warning, reason, message));
}
