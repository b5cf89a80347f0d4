using System.Collections.Immutable;

namespace Orchestrator.Node.Kubelet;

/// <summary>Decides what to do next for one pod.</summary>
public static class PodPlan
{
    /// <summary>The steps that may start now. The same inputs give the same steps; a settled pod gets none, or a WakeAt.</summary>
    public static ImmutableArray<PodAction> Decide(PodManifest pod, PodRunState run, PodSituation now, DateTimeOffset time)
    {
        var steps = ImmutableArray.CreateBuilder<PodAction>();
        if (pod.Meta.Deleting || now.Orphaned)
        {
            if (StopAll(pod, run, now, time, steps) && !now.Busy.Contains(PodSituation.Finishing)) steps.Add(new PodAction.Finish());
            return steps.ToImmutable();
        }
        if (run.Failure is not null || IsFinished(pod, run))
        {
            StopAll(pod, run, now, time, steps);
            return steps.ToImmutable();
        }
        if (IsOverdue(pod, run, time, steps)) return steps.ToImmutable();
        if (!HaveGround(run, now, time, steps)) return steps.ToImmutable();
        // Ephemeral containers wait for nobody: they are there to find out why the others do not start.
        foreach (var container in pod.EphemeralContainers) Step(pod, container, run, now, time, steps);
        if (StepInit(pod, run, now, time, steps))
            foreach (var container in pod.Containers) Step(pod, container, run, now, time, steps);
        return steps.ToImmutable();
    }

    /// <summary>Whether the pod is to end and nothing of it runs any more, or may come to run: only then is its phase Succeeded or Failed.</summary>
    /// <remarks>Source: kubelet, mergePodStatus, which delays a terminal phase for as long as there may be running containers.</remarks>
    public static bool IsOver(PodManifest pod, PodRunState run, PodSituation now) =>
        (pod.Meta.Deleting || IsFinished(pod, run)) && run.Containers.Values.All(static c => !c.Running) && now.Busy.All(static b => b[0] == '/');

    /// <summary>Whether every container has ended for good, so that the pod is Succeeded or Failed.</summary>
    public static bool IsFinished(PodManifest pod, PodRunState run)
    {
        if (run.Failure is not null) return true;
        if (pod.RestartPolicy == "Never" && pod.InitContainers.Any(c => !c.Sidecar && run.Of(c.Name)?.Ended is { ExitCode: not 0 })) return true;
        return pod.Containers.Length > 0
            && pod.Containers.All(c => run.Of(c.Name)?.Ended is { } ended && !RestartsAfter(pod, c, ended.ExitCode));
    }

    /// <summary>Whether a container is started again after it ended so.</summary>
    public static bool RestartsAfter(PodManifest pod, ContainerManifest container, int exitCode)
    {
        if (pod.EphemeralContainers.Contains(container)) return false;
        if (container.Sidecar) return true;
        var isInit = pod.InitContainers.Contains(container);
        return pod.RestartPolicy switch
        {
            "Never" => false,
            "OnFailure" => exitCode != 0,
            _ => !isInit || exitCode != 0, // an init container that succeeded is done, whatever the policy
        };
    }

    /// <summary>Whether all init containers have done their part in the current sandbox.</summary>
    public static bool IsInitialized(PodManifest pod, PodRunState run)
    {
        // The containers of the pod proper start only after them, so one that has run in this sandbox is proof enough.
        if (pod.Containers.Any(c => run.Of(c.Name) is { } r && InCurrentSandbox(run, r))) return true;
        return pod.InitContainers.All(c => IsInitDone(run, c));
    }

    private static bool IsInitDone(PodRunState run, ContainerManifest c)
    {
        if (run.Of(c.Name) is not { } r || !InCurrentSandbox(run, r)) return false;
        return c.Sidecar ? r is { Running: true, StartupFinished: true } : r.Ended is { ExitCode: 0 };
    }

    private static bool InCurrentSandbox(PodRunState run, ContainerRun container) =>
        run.Sandbox is null ? container.SandboxAttempt == run.SandboxCount - 1 : container.SandboxAttempt == run.Sandbox.Attempt;

    private static bool IsOverdue(PodManifest pod, PodRunState run, DateTimeOffset time, ImmutableArray<PodAction>.Builder steps)
    {
        if (pod.ActiveDeadline is not { } limit || run.AcceptedAt is not { } accepted) return false;
        if (time >= accepted + limit)
        {
            steps.Add(new PodAction.Fail("DeadlineExceeded", "Pod was active on the node longer than the specified deadline"));
            return true;
        }
        steps.Add(new PodAction.WakeAt(accepted + limit));
        return false;
    }

    /// <summary>Volumes and sandbox; true when both are there.</summary>
    private static bool HaveGround(PodRunState run, PodSituation now, DateTimeOffset time, ImmutableArray<PodAction>.Builder steps)
    {
        if (!now.VolumesReady)
        {
            if (now.Busy.Contains(PodSituation.Volumes)) return false;
            steps.Add(time >= now.RetryVolumesAt ? new PodAction.PrepareVolumes() : new PodAction.WakeAt(now.RetryVolumesAt));
            return false;
        }
        if (now.VolumesStale && !now.Busy.Contains(PodSituation.Volumes))
            steps.Add(time >= now.RetryVolumesAt ? new PodAction.PrepareVolumes() : new PodAction.WakeAt(now.RetryVolumesAt));
        if (run.Sandbox is { } sandbox)
        {
            if (now.Busy.Contains(PodSituation.Sandbox)) return false;
            if (sandbox.Id != now.DeadSandbox) return true;
            steps.Add(time >= now.RetrySandboxAt ? new PodAction.RemoveSandbox(sandbox.Id) : new PodAction.WakeAt(now.RetrySandboxAt));
            return false;
        }

        // What still runs has lost its network with the old sandbox.
        var stranded = run.Containers.Where(c => c.Value.Running).ToList();
        foreach (var (name, container) in stranded)
            if (!now.Busy.Contains(name))
                steps.Add(new PodAction.Stop(name, container.Id, TimeSpan.Zero, $"Stopping container {name}"));
        if (stranded.Count > 0 || now.Busy.Contains(PodSituation.Sandbox)) return false;
        steps.Add(time >= now.RetrySandboxAt ? new PodAction.StartSandbox(run.SandboxCount) : new PodAction.WakeAt(now.RetrySandboxAt));
        return false;
    }

    /// <summary>The init containers, in order; true when the others may run. Sidecars are looked after for as long as the pod lives.</summary>
    private static bool StepInit(PodManifest pod, PodRunState run, PodSituation now, DateTimeOffset time, ImmutableArray<PodAction>.Builder steps)
    {
        if (IsInitialized(pod, run))
        {
            foreach (var sidecar in pod.InitContainers.Where(c => c.Sidecar)) Step(pod, sidecar, run, now, time, steps);
            return true;
        }
        foreach (var container in pod.InitContainers)
        {
            if (IsInitDone(run, container)) continue;
            Step(pod, container, run, now, time, steps);
            return false;
        }
        return true;
    }

    private static void Step(
        PodManifest pod, ContainerManifest container, PodRunState run, PodSituation now, DateTimeOffset time, ImmutableArray<PodAction>.Builder steps)
    {
        if (now.Busy.Contains(container.Name)) return;
        var current = run.Of(container.Name);
        if (current is { Running: true })
        {
            if (now.Condemned.TryGetValue(container.Name, out var sentence))
                steps.Add(new PodAction.Stop(container.Name, current.Id, sentence.Grace, sentence.Message));
            else if (current.Image != container.Image)
                steps.Add(new PodAction.Stop(container.Name, current.Id, pod.TerminationGracePeriod,
                    $"Container {container.Name} definition changed, will be restarted"));
            return;
        }
        if (current?.Ended is { } ended)
        {
            var again = !InCurrentSandbox(run, current) && pod.InitContainers.Contains(container);
            if (!again && !RestartsAfter(pod, container, ended.ExitCode)) return;
            if (RestartBackOff.DueAt(current) is var due && time < due)
            {
                steps.Add(new PodAction.WakeAt(due));
                return;
            }
        }
        if (now.Troubles.TryGetValue(container.Name, out var trouble) && time < trouble.RetryAt)
        {
            steps.Add(new PodAction.WakeAt(trouble.RetryAt));
            return;
        }
        steps.Add(new PodAction.Launch(container.Name, current is null ? 0 : current.RestartCount + 1, RestartBackOff.Next(current)));
    }

    /// <summary>Stops what runs: the containers together, then the sidecars in reverse order, then the sandbox. True when nothing is left.</summary>
    private static bool StopAll(PodManifest pod, PodRunState run, PodSituation now, DateTimeOffset time, ImmutableArray<PodAction>.Builder steps)
    {
        var grace = pod.Grace - (now.StoppingSince is { } since ? time - since : TimeSpan.Zero);
        if (grace < TimeSpan.Zero) grace = TimeSpan.Zero;
        bool Stop(string name)
        {
            if (now.Busy.Contains(name)) return true;
            if (run.Of(name) is not { Running: true } container) return false;
            steps.Add(new PodAction.Stop(name, container.Id, grace, $"Stopping container {name}"));
            return true;
        }

        var sidecars = pod.InitContainers.Where(c => c.Sidecar).Select(c => c.Name).Reverse().ToList();
        var stopping = false;
        foreach (var name in run.Containers.Keys.Concat(now.Busy.Where(b => b[0] != '/')).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            if (!sidecars.Contains(name, StringComparer.Ordinal)) stopping |= Stop(name);
        if (stopping) return false;
        if (sidecars.Any(Stop)) return false;
        if (now.Busy.Contains(PodSituation.Sandbox) || now.Busy.Contains(PodSituation.Volumes)) return false;
        if (run.Sandbox is not { } sandbox) return true;
        if (time >= now.RetrySandboxAt) steps.Add(new PodAction.RemoveSandbox(sandbox.Id));
        else steps.Add(new PodAction.WakeAt(now.RetrySandboxAt));
        return false;
    }
}
