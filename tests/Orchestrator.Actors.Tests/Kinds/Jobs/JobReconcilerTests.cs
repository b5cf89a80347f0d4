using Orchestrator.Actors.Controllers;
using Orchestrator.Actors.Kinds.Jobs;
using Orchestrator.Actors.Kinds.Pods;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Tests.Controllers;

namespace Orchestrator.Actors.Tests.Kinds.Jobs;

public sealed class JobReconcilerTests
{
    private static readonly ObjectKey Key = new("d", "job");
    private readonly SimulatedCluster _cluster = new();

    private void Submit(string spec) => _cluster.Put(ResourceTypes.Jobs, $$$"""
        {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"job","namespace":"d"},
         "spec":{"selector":{"matchLabels":{"job-name":"job"}},"template":{"metadata":{"labels":{"job-name":"job"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]} }, {{{spec}}} } }
        """);

    private JobView Job => JobView.Of(_cluster.Get(ResourceTypes.Jobs, Key)!);

    private ReconcileResult Pass()
    {
        var result = JobReconciler.Reconcile(Job, _cluster.Pods, _cluster.Context());
        _cluster.Apply(result.Actions);
        return result;
    }

    private void End(PodView pod, string phase) => _cluster.Change(ResourceTypes.Pods, pod.Key, t => t["status"] = new JsonObject { ["phase"] = phase });

    private TimeSpan? Settle()
    {
        for (var pass = 0; pass < 50; pass++)
        {
            var result = Pass();
            if (result.Actions.IsEmpty) return result.RequeueAfter;
        }
        throw new InvalidOperationException("does not settle");
    }

    [Fact]
    public void Reconcile_AllSucceed_CompletesWithUpstreamsConditions()
    {
        Submit("\"completions\":3,\"parallelism\":2,\"backoffLimit\":6");
        Settle();
        Assert.Equal(2, _cluster.Pods.Count);
        for (var round = 0; round < 3; round++)
        {
            foreach (var pod in _cluster.Pods.Where(p => p.Active).ToList()) End(pod, "Succeeded");
            Settle();
        }
        Assert.Equal(3, Job.Succeeded);
        Assert.Equal("CompletionsReached", Job.Find("Complete")!.Reason);
        Assert.NotNull(Job.Find("SuccessCriteriaMet"));
        Assert.NotNull(Job.CompletionTime);
        Assert.Empty(Job.UncountedSucceeded);
        Assert.All(_cluster.Pods, p => Assert.Empty(p.Meta.Finalizers));
        Assert.Equal(3, _cluster.Pods.Count);
    }

    [Fact]
    public void Reconcile_Orphan_IsAdopted_AndWhatIsNotSelectedIsReleased()
    {
        Submit("\"completions\":2,\"parallelism\":2");
        Settle();
        var (orphan, stranger) = (_cluster.Pods.First(), _cluster.Pods.Last());
        _cluster.Change(ResourceTypes.Pods, orphan.Key, static t => t["metadata"]!.AsObject().Remove("ownerReferences"));
        _cluster.Change(ResourceTypes.Pods, stranger.Key, static t => t["metadata"]!["labels"] = new JsonObject { ["a"] = "b" });
        Settle();

        var adopted = _cluster.Pods.Single(p => p.Uid == orphan.Uid).Meta;
        Assert.Equal(("job", JobView.TrackingFinalizer), (adopted.Controller?.Name, Assert.Single(adopted.Finalizers)));
        var released = _cluster.Pods.Single(p => p.Uid == stranger.Uid).Meta;
        Assert.Null(released.Controller);
        Assert.Empty(released.Finalizers);
        Assert.Equal(3, _cluster.Pods.Count);
    }

    [Fact]
    public void Reconcile_PodsFail_BacksOffAndThenGivesUp()
    {
        Submit("\"completions\":1,\"parallelism\":1,\"backoffLimit\":1");
        Settle();
        End(_cluster.Pods.Single(), "Failed");
        var wait = Settle();
        Assert.InRange(wait!.Value, TimeSpan.FromSeconds(1), JobReconciler.BackoffBase);
        Assert.Single(_cluster.Pods);

        _cluster.Now += TimeSpan.FromSeconds(11);
        Settle();
        Assert.Equal(2, _cluster.Pods.Count);
        End(_cluster.Pods.Single(p => p.Active), "Failed");
        Settle();
        Assert.Equal("BackoffLimitExceeded", Job.Find("Failed")!.Reason);
        Assert.NotNull(Job.Find("FailureTarget"));
        Assert.Equal(2, Job.Failed);
    }

    [Fact]
    public void Reconcile_DeadlineAndTtl_EndAndRemoveTheJob()
    {
        Submit("\"completions\":1,\"parallelism\":1,\"activeDeadlineSeconds\":30,\"ttlSecondsAfterFinished\":60");
        Assert.Equal(TimeSpan.FromSeconds(30), Settle());
        _cluster.Now += TimeSpan.FromSeconds(30);
        Pass();
        Settle();
        Assert.Equal("DeadlineExceeded", Job.Find("Failed")!.Reason);
        Assert.DoesNotContain(_cluster.Pods, p => p.Active);
        Assert.Equal(TimeSpan.FromSeconds(60), Settle());
        _cluster.Now += TimeSpan.FromSeconds(60);
        Pass();
        Assert.Contains(_cluster.Deletions, d => d.Type == ResourceTypes.Jobs);
    }

    [Fact]
    public void Reconcile_SuspendedAndResumed_StopsAndStartsPods()
    {
        Submit("\"completions\":2,\"parallelism\":2,\"suspend\":true");
        Settle();
        Assert.Empty(_cluster.Pods);
        Assert.NotNull(Job.Find("Suspended"));
        _cluster.Change(ResourceTypes.Jobs, Key, t => t["spec"]!["suspend"] = false);
        Settle();
        Assert.Equal(2, _cluster.Pods.Count);
        Assert.Null(Job.Find("Suspended"));
    }

    [Fact]
    public void Reconcile_Indexed_GivesEveryIndexOneSuccess()
    {
        Submit("\"completions\":4,\"parallelism\":4,\"completionMode\":\"Indexed\"");
        Settle();
        Assert.Equal(["0", "1", "2", "3"], _cluster.Pods.Select(p => p.Meta.Annotations[JobView.IndexAnnotation]).Order());
        foreach (var pod in _cluster.Pods.ToList()) End(pod, "Succeeded");
        Settle();
        Assert.Equal("0-3", (string?)StatusWrite.Current(_cluster.Get(ResourceTypes.Jobs, Key)!)["completedIndexes"]);
        Assert.NotNull(Job.Find("Complete"));
    }

    [Fact]
    public void Reconcile_RestartsInPlace_FailTheJobAtItsLimit()
    {
        Submit("\"completions\":1,\"parallelism\":1,\"backoffLimit\":2");
        _cluster.Change(ResourceTypes.Jobs, Key, static t => t["spec"]!["template"]!["spec"]!["restartPolicy"] = "OnFailure");
        Settle();
        var pod = Assert.Single(_cluster.Pods).Key;
        void Restart(int times) => _cluster.Change(ResourceTypes.Pods, pod, t => t["status"] =
            JsonNode.Parse($$$"""{"phase":"Running","containerStatuses":[{"name":"c","restartCount":{{{times}}}}]}"""));
        Restart(1);
        Settle();
        Assert.Null(Job.Find("FailureTarget"));
        Restart(2);
        Settle();
        Assert.Equal("BackoffLimitExceeded", Job.Find("FailureTarget")!.Reason);
    }

    [Fact]
    public void Reconcile_NothingToDo_IsCompleteWithAStart()
    {
        Submit("\"completions\":0,\"parallelism\":1");
        Settle();
        Assert.NotNull(Job.Find("Complete"));
        Assert.NotNull(Job.StartTime);
    }

    [Fact]
    public void Reconcile_DeadlineOfTheLargestNumber_IsNone()
    {
        Submit("\"completions\":1,\"parallelism\":1,\"activeDeadlineSeconds\":9223372036854775807");
        Settle();
        Assert.Single(_cluster.Pods);
    }

    [Fact]
    public void Reconcile_IndexedJobThatShrinks_KeepsThePodsOfItsIndexes()
    {
        Submit("\"completionMode\":\"Indexed\",\"completions\":4,\"parallelism\":4");
        Settle();
        Assert.Equal([0, 1, 2, 3], _cluster.Pods.Select(Index).Order());
        _cluster.Change(ResourceTypes.Jobs, Key, static t => (t["spec"]!["completions"], t["spec"]!["parallelism"]) = (2, 2));
        Settle();
        Assert.Equal([0, 1], _cluster.Pods.Select(Index).Order());
    }

    [Fact]
    public void Reconcile_IndexedJobThatShrinks_IsNotDoneByWhatItHasLost()
    {
        Submit("\"completionMode\":\"Indexed\",\"completions\":4,\"parallelism\":4");
        Settle();
        foreach (var pod in _cluster.Pods.Where(static p => Index(p) >= 2).ToList()) End(pod, "Succeeded");
        Settle();
        Assert.Equal(2, Job.Succeeded);
        _cluster.Change(ResourceTypes.Jobs, Key, static t => (t["spec"]!["completions"], t["spec"]!["parallelism"]) = (2, 2));
        Settle();
        Assert.Null(Job.Find("Complete"));
        Assert.Equal(0, Job.Succeeded);
        foreach (var pod in _cluster.Pods.Where(static p => p.Active).ToList()) End(pod, "Succeeded");
        Settle();
        Assert.NotNull(Job.Find("Complete"));
        Assert.Equal("0,1", Job.CompletedIndexes.ToString());
    }

    [Fact]
    public void Reconcile_AsManyIndexesAsThereAreNumbers_CostsWhatRuns()
    {
        Submit("\"completionMode\":\"Indexed\",\"completions\":2147483647,\"parallelism\":2,\"successPolicy\":{\"rules\":[{\"succeededIndexes\":\"0-2147483646\"}]}");
        _cluster.Change(ResourceTypes.Jobs, Key, static t => t["status"] = JsonNode.Parse("""{"completedIndexes":"0-2147483640"}"""));
        Settle();
        Assert.Equal([2147483641, 2147483642], _cluster.Pods.Select(Index).Order());
    }

    private static int Index(PodView pod) => int.Parse(pod.Meta.Annotations[JobView.IndexAnnotation], System.Globalization.CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("0-2,4", "0-2,4"), InlineData("1,2", "1,2"), InlineData("", ""), InlineData("5,1-3,2-4,x,9-8", "1-5"), InlineData("0-2147483647", "0-2147483647")]
    public void IndexSet_ParsedAndFormatted_IsInOrder(string text, string formatted) => Assert.Equal(formatted, IndexSet.Parse(text).ToString());

    [Fact]
    public void IndexSet_Algebra()
    {
        var set = IndexSet.Parse("0-2,4,7-9");
        Assert.Equal((7, 0), (set.Count, set.First));
        Assert.Equal([true, false, true, false, true], ((int[])[2, 3, 4, 6, 9]).Select(set.Contains));
        Assert.Equal([3, 3, 5, 10, 10], ((int[])[0, 3, 4, 8, 10]).Select(set.NextOutside));
        Assert.Equal("0-4,7-10", set.With([3, 10, 4]).ToString());
        Assert.Equal("0-2,4,7", set.Below(8).ToString());
        Assert.Equal("2,8", set.Intersect(IndexSet.Parse("2-3,5-6,8")).ToString());
    }
}
