using System.Collections.Immutable;
using Orchestrator.Actors.Authentication;
using Orchestrator.Host.ApiServer;
using Orchestrator.Host.ApiServer.FlowControl;

namespace Orchestrator.Host.Tests.ApiServer;

public sealed class FlowControlTests
{
    private static readonly PriorityLevelLimits Queued = new("l", "", false, 10, 0, null, Queues: 8, HandSize: 2, QueueLengthMax: 4);

    [Theory]
    [InlineData("admin", "system:masters", "GET", "/api/v1/pods", "exempt")]
    [InlineData("jane", "dev", "GET", "/healthz", "probes")]
    [InlineData("jane", "dev", "GET", "/api/v1/pods", "global-default")]
    [InlineData("jane", "dev", "GET", "/version", "global-default")]
    [InlineData("system:node:n1", "system:nodes", "PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1", "system-node-high")]
    [InlineData("system:node:n1", "system:nodes", "PATCH", "/api/v1/nodes/n1/status", "system-node-high")]
    [InlineData("system:node:n1", "system:nodes", "GET", "/api/v1/pods", "system-nodes")]
    [InlineData("system:serviceaccount:default:x", "system:serviceaccounts", "GET", "/api/v1/pods", "service-accounts")]
    [InlineData("system:serviceaccount:kube-system:x", "system:serviceaccounts:kube-system", "GET", "/api/v1/pods", "kube-system-service-accounts")]
    [InlineData("system:kube-scheduler", "x", "PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/s", "system-leader-election")]
    [InlineData("system:kube-scheduler", "x", "GET", "/api/v1/pods", "kube-scheduler")]
    public async Task DefaultSchemas_PutRequestsWhereKubernetesDoes(string user, string group, string method, string path, string schema)
    {
        var flows = new FlowController(600, TimeSpan.FromSeconds(1), TimeProvider.System);
        using var seat = await flows.EnterAsync(new FlowRequest(User(user, group), RequestInfo.Parse(method, path, watch: false)), default);
        Assert.Equal(schema, seat.Schema.Name);
        Assert.Equal(FlowRejection.None, seat.Rejection);
    }

    [Fact]
    public async Task Level_AtItsLimit_QueuesAndThenRefuses()
    {
        var level = Level(Queued, seats: 1);
        Assert.Equal(FlowRejection.None, await Enter(level, 1));
        var waiting = Enumerable.Range(0, 8).Select(_ => Enter(level, 1).AsTask()).ToList();
        Assert.Equal(FlowRejection.QueueFull, await Enter(level, 1));
        while (waiting.Count > 0)
        {
            level.Leave(Never);
            var next = await Task.WhenAny(waiting);
            Assert.Equal(FlowRejection.None, await next);
            waiting.Remove(next);
        }
        level.Leave(Never);
        Assert.Equal((0, 0), (level.Executing, level.Waiting));
        Assert.Equal((1, 9), (level.Rejected, level.Dispatched));
    }

    [Fact]
    public async Task Level_WithoutQueues_Refuses()
    {
        var level = Level(Queued with { Queues = 0 }, seats: 1);
        Assert.Equal(FlowRejection.None, await Enter(level, 1));
        Assert.Equal(FlowRejection.ConcurrencyLimit, await Enter(level, 2));
    }

    [Fact]
    public async Task QuietFlow_IsNotStarvedByANoisyOne()
    {
        var level = Level(Queued with { Queues = 64, HandSize = 4, QueueLengthMax = 50 }, seats: 1);
        await Enter(level, 1);
        var waiting = Enumerable.Range(0, 100).Select(_ => Enter(level, 7).AsTask()).ToList();
        var quiet = Enter(level, 123_456_789).AsTask();
        waiting.Add(quiet);

        var place = 0;
        for (; ; place++)
        {
            // One seat, so each that leaves lets in one, and nothing but the level decides whom.
            level.Leave(Never);
            var next = await Task.WhenAny(waiting);
            Assert.Equal(FlowRejection.None, await next);
            if (next == quiet) break;
            waiting.Remove(next);
        }
        Assert.True(place < 10, $"the quiet flow came at place {place}");
    }

    [Fact]
    public async Task Waiting_EndsWithPatienceOrCancellation()
    {
        var level = Level(Queued, seats: 1);
        await Enter(level, 1);
        Assert.Equal(FlowRejection.Timeout, await level.EnterAsync(1, Never, TimeSpan.FromMilliseconds(1), default));
        using var gone = new CancellationTokenSource();
        var pending = level.EnterAsync(1, Never, TimeSpan.FromMinutes(1), gone.Token);
        await gone.CancelAsync();
        Assert.Equal(FlowRejection.Timeout, await pending);
        Assert.Equal(0, level.Waiting);
    }

    [Fact]
    public async Task Seats_AreBorrowedFromLevelsThatLend()
    {
        var flows = new FlowController(245, TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var low = flows.Levels.Single(l => l.Limits.Name == "global-default");
        var seats = new List<FlowSeat>();
        for (var i = 0; i < low.Seats * 2; i++)
            seats.Add(await flows.EnterAsync(new FlowRequest(User("u", "g"), RequestInfo.Parse("GET", "/api/v1/pods", false)), default));
        Assert.All(seats, s => Assert.Equal(FlowRejection.None, s.Rejection));
        foreach (var seat in seats) seat.Dispose();
        Assert.Equal(0, low.Executing);
    }

    [Fact]
    public void Configuration_WithoutTheMandatoryObjects_StillPlacesEveryRequest()
    {
        var flows = new FlowController(600, TimeSpan.FromSeconds(1), TimeProvider.System);
        flows.Configure([], []);
        Assert.Equal(["catch-all", "exempt"], flows.Levels.Select(l => l.Limits.Name));
    }

    private static PriorityLevel Level(PriorityLevelLimits limits, int seats)
    {
        var level = new PriorityLevel(TimeProvider.System);
        level.Configure(limits, seats);
        return level;
    }

    private static ValueTask<FlowRejection> Enter(PriorityLevel level, ulong flow) => level.EnterAsync(flow, Never, TimeSpan.FromMinutes(1), default);

    private static bool Never() => false;

    private static UserInfo User(string name, string group) => new(name, "", ImmutableArray.Create(group, UserInfo.Authenticated));
}
