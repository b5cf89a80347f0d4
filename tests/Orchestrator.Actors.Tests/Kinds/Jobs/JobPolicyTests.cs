using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Jobs;

/// <summary>What failures mean, when a Job ends early, and when pods are replaced.</summary>
public sealed class JobPolicyTests
{
    private static readonly ObjectKey Key = new("d", "job");
    private readonly SimulatedCluster _cluster = new();

    private JobView Job => JobView.Of(_cluster.Get(ResourceTypes.Jobs, Key)!);

    private JsonObject Status => StatusWrite.Current(_cluster.Get(ResourceTypes.Jobs, Key)!);

    [Fact]
    public void FailJob_EndsTheJobAtOnce_WithTheReasonOfTheRule()
    {
        Submit("""
            "completions":2,"parallelism":2,"backoffLimit":6,
            "podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"containerName":"c","operator":"In","values":[42]}}]}
            """);
        Settle();
        var failed = _cluster.Pods.First();
        Fail(failed, 42);
        Settle();
        var target = Job.Find("FailureTarget")!;
        Assert.Equal("PodFailurePolicy", target.Reason);
        Assert.Equal($"Container c for pod d/{failed.Key.Name} failed with exit code 42 matching FailJob rule at index 0", target.Message);
        Settle();
        Assert.Equal("PodFailurePolicy", Job.Find("Failed")!.Reason);
        Assert.DoesNotContain(_cluster.Pods, p => p.Active);
    }

    [Fact]
    public void Ignore_CountsNothing_AndThePodIsReplacedAfterTheBackoff()
    {
        Submit("""
            "completions":1,"parallelism":1,"backoffLimit":0,
            "podFailurePolicy":{"rules":[{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]}]}
            """);
        Settle();
        for (var disruption = 0; disruption < 3; disruption++)
        {
            Fail(_cluster.Pods.Single(p => p.Active), 137, "DisruptionTarget");
            var wait = Settle();
            Assert.InRange(wait!.Value, TimeSpan.FromSeconds(1), JobReconciler.Backoff(disruption + 1));
            _cluster.Now += wait.Value;
            Settle();
        }
        Assert.Equal(0, Job.Failed);
        Assert.Single(_cluster.Pods, p => p.Active);
        Fail(_cluster.Pods.Single(p => p.Active), 1);
        Settle();
        Assert.Equal("BackoffLimitExceeded", Job.Find("Failed")!.Reason);
    }

    [Theory]
    [InlineData("\"operator\":\"In\",\"values\":[1,2]", 2, true)]
    [InlineData("\"operator\":\"In\",\"values\":[1,2]", 3, false)]
    [InlineData("\"operator\":\"NotIn\",\"values\":[1,2]", 3, true)]
    [InlineData("\"operator\":\"NotIn\",\"values\":[1,2]", 1, false)]
    [InlineData("\"operator\":\"NotIn\",\"values\":[1,2]", 0, false)]
    [InlineData("\"containerName\":\"other\",\"operator\":\"In\",\"values\":[1]", 1, false)]
    public void ExitCodes_MeetTheirRule(string requirement, int code, bool met)
    {
        Submit($$$"""
            "completions":1,"podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{{{{requirement}}}}}]}
            """);
        Settle();
        Fail(_cluster.Pods.Single(), code);
        Assert.Equal(met, JobFailurePolicy.Match(Job.FailureRules, _cluster.Pods.Single()) is { Action: FailureAction.FailJob });
    }

    [Fact]
    public void BackoffLimitPerIndex_FailsIndexesAlone_AndTheJobInTheEnd()
    {
        Submit("\"completions\":3,\"parallelism\":3,\"completionMode\":\"Indexed\",\"backoffLimit\":2147483647,\"backoffLimitPerIndex\":1");
        Settle();
        Assert.All(_cluster.Pods, p => Assert.Equal("0", p.Meta.Annotations["batch.kubernetes.io/job-index-failure-count"]));
        Succeed(Pod(0));
        Succeed(Pod(2));
        Fail(Pod(1), 1);
        var wait = Settle();
        Assert.Equal(JobReconciler.BackoffBase, wait);
        // Its last pod is kept for its replacement, and counted when that is there.
        Assert.Equal(0, Job.Failed);
        _cluster.Now += wait!.Value;
        Settle();
        Assert.Equal("1", Pod(1).Meta.Annotations["batch.kubernetes.io/job-index-failure-count"]);
        Assert.Equal(1, Job.Failed);
        Fail(Pod(1), 1);
        Settle();
        Assert.Equal("FailedIndexes", Job.Find("Failed")!.Reason);
        Assert.Equal("Job has failed indexes", Job.Find("Failed")!.Message);
        Assert.Equal("1", (string?)Status["failedIndexes"]);
        Assert.Equal("0,2", (string?)Status["completedIndexes"]);
        Assert.Equal(2, Job.Failed);
    }

    [Fact]
    public void MaxFailedIndexes_EndsTheJobWhileIndexesRun()
    {
        Submit("""
            "completions":4,"parallelism":4,"completionMode":"Indexed","backoffLimit":2147483647,"backoffLimitPerIndex":5,"maxFailedIndexes":1,
            "podFailurePolicy":{"rules":[{"action":"FailIndex","onExitCodes":{"operator":"In","values":[7]}}]}
            """);
        Settle();
        Fail(Pod(0), 7);
        Settle();
        Assert.Null(Job.Find("FailureTarget"));
        Assert.DoesNotContain(_cluster.Pods, p => p.Active && JobIndex(p) == "0");
        Fail(Pod(3), 7);
        Settle();
        Assert.Equal("MaxFailedIndexesExceeded", Job.Find("Failed")!.Reason);
        Assert.Equal("0,3", (string?)Status["failedIndexes"]);
    }

    [Theory]
    [InlineData("{\"succeededIndexes\":\"0,2-3\",\"succeededCount\":2}", new[] { 0 }, false)]
    [InlineData("{\"succeededIndexes\":\"0,2-3\",\"succeededCount\":2}", new[] { 0, 3 }, true)]
    [InlineData("{\"succeededIndexes\":\"0,2-3\"}", new[] { 0, 1, 3 }, false)]
    [InlineData("{\"succeededIndexes\":\"0,2-3\"}", new[] { 0, 2, 3 }, true)]
    [InlineData("{\"succeededCount\":2}", new[] { 1, 4 }, true)]
    public void SuccessPolicy_EndsTheJobEarly(string rule, int[] succeeded, bool met)
    {
        Submit($$$"""
            "completions":5,"parallelism":5,"completionMode":"Indexed","successPolicy":{"rules":[{{{rule}}}]}
            """);
        Settle();
        foreach (var index in succeeded) Succeed(Pod(index));
        Settle();
        Assert.Equal(met, Job.Find("Complete") is not null);
        if (!met) return;
        Assert.Equal(("SuccessPolicy", "Matched rules at index 0"), (Job.Find("SuccessCriteriaMet")!.Reason, Job.Find("SuccessCriteriaMet")!.Message));
        Assert.DoesNotContain(_cluster.Pods, p => p.Active);
        Assert.Equal(succeeded.Length, Job.Succeeded);
    }

    [Theory]
    [InlineData("Failed", 0), InlineData("TerminatingOrFailed", 1)]
    public void PodReplacementPolicy_SaysWhetherATerminatingPodIsReplaced(string policy, int replacements)
    {
        Submit($"\"completions\":1,\"parallelism\":1,\"backoffLimit\":6,\"podReplacementPolicy\":\"{policy}\"");
        Settle();
        var pod = _cluster.Pods.Single();
        _cluster.MakeReady(pod.Key);
        _cluster.Change(ResourceTypes.Pods, pod.Key, t => t["metadata"]!["deletionTimestamp"] = KindTime.Format(_cluster.Now));
        Settle();
        Assert.Equal(replacements, _cluster.Pods.Count(p => p.Active));
        Assert.Equal(replacements, Job.Failed);

        if (_cluster.Get(ResourceTypes.Pods, pod.Key) is null) return;
        Fail(_cluster.Pods.Single(p => p.Uid == pod.Uid), 143);
        _cluster.Now += TimeSpan.FromMinutes(1);
        Settle();
        Assert.Single(_cluster.Pods, p => p.Active);
        Assert.Equal(1, Job.Failed);
    }

    [Fact]
    public void ManagedByAnother_IsLeftAlone()
    {
        Submit("\"completions\":1,\"parallelism\":1,\"managedBy\":\"example.com/queue\"");
        Assert.Empty(Pass().Actions);
        Assert.Empty(_cluster.Pods);
    }

    [Fact]
    public void SuspendedPods_CountAsNoFailures()
    {
        Submit("\"completions\":2,\"parallelism\":2,\"backoffLimit\":0");
        Settle();
        _cluster.Change(ResourceTypes.Jobs, Key, t => t["spec"]!["suspend"] = true);
        Settle();
        _cluster.Change(ResourceTypes.Jobs, Key, t => t["spec"]!["suspend"] = false);
        Settle();
        Assert.Equal(0, Job.Failed);
        Assert.Null(Job.Find("FailureTarget"));
        Assert.Equal(2, _cluster.Pods.Count(p => p.Active));
    }

    [Theory]
    [InlineData(0, 0), InlineData(1, 10), InlineData(2, 20), InlineData(6, 320), InlineData(7, 600), InlineData(100, 600)]
    public void Backoff_DoublesUpToItsLimit(int failures, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), JobReconciler.Backoff(failures));

    private void Submit(string spec) => _cluster.Put(ResourceTypes.Jobs, $$$"""
        {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"job","namespace":"d"},
         "spec":{"selector":{"matchLabels":{"job-name":"job"}},"template":{"metadata":{"labels":{"job-name":"job"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]} }, {{{spec}}} } }
        """);

    private ReconcileResult Pass()
    {
        var result = JobReconciler.Reconcile(Job, _cluster.Pods, _cluster.Context());
        _cluster.Apply(result.Actions);
        return result;
    }

    private TimeSpan? Settle()
    {
        for (var pass = 0; pass < 50; pass++)
        {
            var result = Pass();
            if (result.Actions.IsEmpty) return result.RequeueAfter;
        }
        throw new InvalidOperationException("does not settle");
    }

    private static string JobIndex(PodView pod) => pod.Meta.Annotations[JobView.IndexAnnotation];

    /// <summary>The pod that runs for an index.</summary>
    private PodView Pod(int index) => _cluster.Pods.Single(p => p.Active && JobIndex(p) == $"{index}");

    private void Succeed(PodView pod) => _cluster.Change(ResourceTypes.Pods, pod.Key, t => t["status"] = new JsonObject { ["phase"] = "Succeeded" });

    private void Fail(PodView pod, int exitCode, string? condition = null) => _cluster.Change(ResourceTypes.Pods, pod.Key, t =>
    {
        t["status"] = new JsonObject
        {
            ["phase"] = "Failed",
            ["containerStatuses"] = new JsonArray(new JsonObject
            {
                ["name"] = "c",
                ["state"] = new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = exitCode, ["finishedAt"] = KindTime.Format(_cluster.Now) } },
            }),
        };
        if (condition is not null) t["status"]!["conditions"] = new JsonArray(new JsonObject { ["type"] = condition, ["status"] = "True" });
    });
}
