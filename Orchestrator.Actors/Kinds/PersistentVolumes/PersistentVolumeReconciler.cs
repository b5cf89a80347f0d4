using System.Collections.Immutable;
using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.PersistentVolumeClaims;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Kinds.PersistentVolumes;

/// <summary>Says what a volume is to its claim, lets go of a claim that took another, and does with one that is left what its policy says.</summary>
/// <remarks>Source: kube-controller-manager, volume/persistentvolume/pv_controller.go (syncVolume).</remarks>
public sealed class PersistentVolumeReconciler
{
    private readonly ImmutableArray<ControllerAction>.Builder _actions = ImmutableArray.CreateBuilder<ControllerAction>();
    private readonly PersistentVolumeView _volume;
    private readonly ReconcileContext _context;

    private PersistentVolumeReconciler(PersistentVolumeView volume, ReconcileContext context) => (_volume, _context) = (volume, context);

    public static ReconcileResult Reconcile(PersistentVolumeView volume, StorageObserved observed, ReconcileContext context)
    {
        var pass = new PersistentVolumeReconciler(volume, context);
        if (volume.Claim is null || volume.Claim.Uid.Length == 0) pass.WritePhase("Available");
        else if (observed.Claim(volume.Claim.Key) is { } claim && claim.Uid == volume.Claim.Uid) pass.Keep(claim);
        // A claim that is only not seen yet must not lose its volume.
        else if (!context.Confirmed && volume.Phase is not ("Released" or "Failed")) return new ReconcileResult([]) { Confirm = [ResourceTypes.PersistentVolumeClaims] };
        else pass.Release();
        return new ReconcileResult(pass._actions.ToImmutable());
    }

    private void Keep(PersistentVolumeClaimView claim)
    {
        if (claim.VolumeName == _volume.Name) WritePhase("Bound");
        else if (claim.VolumeName.Length > 0)
        {
            // It was made for a claim that got another, so nobody needs it.
            if (_volume.ProvisionedBy.Length > 0 && _volume.ReclaimPolicy == "Delete") Release();
            else Unbind();
        }
        else if (claim.VolumeMode != _volume.VolumeMode)
        {
            _actions.Add(Event(true, "VolumeMismatch", $"Cannot bind PersistentVolume to requested PersistentVolumeClaim \"{claim.Key.Name}\" due to incompatible volumeMode."));
            _actions.Add(new EventAction(ResourceTypes.PersistentVolumeClaims, claim.Key, "v1", "PersistentVolumeClaim", claim.Uid, true, "VolumeMismatch",
                $"Cannot bind PersistentVolume \"{_volume.Name}\" to requested PersistentVolumeClaim due to incompatible volumeMode."));
        }
    }

    // What somebody kept for a claim stays kept for its name.
    private void Unbind()
    {
        var patch = _volume.BoundByController
            ? new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [PersistentVolumeClaimView.BoundByControllerAnnotation] = null } },
                ["spec"] = new JsonObject { ["claimRef"] = null },
            }
            : new JsonObject { ["spec"] = new JsonObject { ["claimRef"] = new JsonObject { ["uid"] = null } } };
        _actions.Add(new PatchAction(ResourceTypes.PersistentVolumes, _volume.Source.Key, _volume.Uid, patch, _volume.Source.Revision));
    }

    private void Release()
    {
        switch (_volume.ReclaimPolicy)
        {
            case "Delete" when !_volume.Meta.Deleting && !HasOutsideDeleter:
                Fail("VolumeFailedDelete", $"error getting deleter volume plugin for volume \"{_volume.Name}\": no deletable volume plugin matched");
                break;
            case "Recycle":
                Fail("VolumeFailedRecycle", "No recycler plugin found for the volume!");
                break;
            default:
                // What has failed stays failed, so that somebody looks at it.
                if (_volume.Phase != "Failed") WritePhase("Released");
                break;
        }
    }

    private bool HasOutsideDeleter => _volume.ProvisionedBy.Length > 0 && !_volume.ProvisionedBy.StartsWith("kubernetes.io/", StringComparison.Ordinal);

    private void Fail(string reason, string message)
    {
        if (WritePhase("Failed", message)) _actions.Add(Event(true, reason, message));
    }

    private bool WritePhase(string phase, string message = "")
    {
        if (_volume.Phase == phase) return false;
        var status = StatusWrite.Current(_volume.Source);
        status["phase"] = phase;
        status["lastPhaseTransitionTime"] = KindTime.Format(_context.Now);
        if (message.Length > 0) status["message"] = message;
        else status.Remove("message");
        _actions.Add(new StatusAction(ResourceTypes.PersistentVolumes, _volume.Source.Key, _volume.Uid, status, _volume.Source.Revision));
        return true;
    }

    private EventAction Event(bool warning, string reason, string message) =>
        new(ResourceTypes.PersistentVolumes, _volume.Source.Key, "v1", "PersistentVolume", _volume.Uid, warning, reason, message);
}
