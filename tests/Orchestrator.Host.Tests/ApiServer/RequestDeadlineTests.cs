using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Orchestrator.Host.ApiServer;

namespace Orchestrator.Host.Tests.ApiServer;

/// <summary>Requests end in time, by looks at all of them and without a timer each.</summary>
public sealed class RequestDeadlineTests : IDisposable
{
    private readonly SteppedClock _clock = new();
    private readonly RequestDeadlines _deadlines;

    public RequestDeadlineTests() => _deadlines = new RequestDeadlines(TimeSpan.FromSeconds(60), _clock);

    public void Dispose() => _deadlines.Dispose();

    [Theory]
    [InlineData("", 60)]
    [InlineData("?timeout=10s", 10)]
    [InlineData("?timeout=0s", 60)]
    [InlineData("?timeout=-1s", 60)]
    [InlineData("?timeout=2h", 60)]
    public void End_IsToldByTheTokenOfTheRequest(string query, int seconds)
    {
        using var connection = new Connection();
        var context = Context(connection, query);
        using var deadline = _deadlines.Begin(context).Deadline!;
        var token = context.RequestAborted;

        _clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.False(token.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(token.IsCancellationRequested);
        Assert.True(deadline.HasExpired);

        deadline.Dispose();
        Assert.False(context.RequestAborted.IsCancellationRequested); // the refusal can still be written
    }

    [Fact]
    public void End_IsToldToWhoAsksOnlyThen()
    {
        using var connection = new Connection();
        var context = Context(connection);
        using var deadline = _deadlines.Begin(context).Deadline!;
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.True(context.RequestAborted.IsCancellationRequested);
    }

    [Fact]
    public void Connection_ThatEnds_EndsTheRequestThatRunsForLonger()
    {
        using var connection = new Connection();
        var context = Context(connection);
        using var deadline = _deadlines.Begin(context).Deadline!;
        var token = context.RequestAborted;
        Assert.Equal(0, connection.Asked); // nothing of the connection is needed by what ends at once

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, connection.Asked);
        connection.Abort();
        Assert.True(token.IsCancellationRequested);
        Assert.False(deadline.HasExpired);
        _clock.Advance(TimeSpan.FromSeconds(100));
        Assert.False(deadline.HasExpired);
    }

    [Fact]
    public void Ended_AreForgotten()
    {
        using var connection = new Connection();
        for (var i = 0; i < 100; i++) _deadlines.Begin(Context(connection)).Deadline!.Dispose();
        Assert.Equal(100, _deadlines.Count);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _deadlines.Count);
    }

    [Fact]
    public void TimeThatIsNone_IsRefused()
    {
        var (deadline, error) = _deadlines.Begin(new DefaultHttpContext { Request = { QueryString = new QueryString("?timeout=soon") } });
        Assert.Null(deadline);
        Assert.Equal((400, "invalid timeout specified in the request URL - time: invalid duration \"soon\""), (error!.Code, error.Message));
    }

    private static DefaultHttpContext Context(Connection connection, string query = "")
    {
        var context = new DefaultHttpContext { Request = { QueryString = new QueryString(query) } };
        context.Features.Set<IHttpRequestLifetimeFeature>(connection);
        return context;
    }

    private sealed class Connection : IHttpRequestLifetimeFeature, IDisposable
    {
        private readonly CancellationTokenSource _aborted = new();

        public int Asked { get; private set; }

        public CancellationToken RequestAborted
        {
            get
            {
                Asked++;
                return _aborted.Token;
            }
            set => throw new NotSupportedException();
        }

        public void Abort() => _aborted.Cancel();

        public void Dispose() => _aborted.Dispose();
    }

    private sealed class SteppedClock : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(callback, state, _now + dueTime.Ticks, period);
            _timers.Add(timer);
            return timer;
        }

        public void Advance(TimeSpan time)
        {
            _now += time.Ticks;
            foreach (var timer in _timers.ToArray()) timer.Fire(_now);
        }

        private sealed class Timer(TimerCallback callback, object? state, long dueAt, TimeSpan period) : ITimer
        {
            private long _dueAt = dueAt;

            public void Fire(long now)
            {
                if (now < _dueAt) return;
                _dueAt = period > TimeSpan.Zero ? now + period.Ticks : long.MaxValue;
                callback(state);
            }

            public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

            public void Dispose() => _dueAt = long.MaxValue;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}

/// <summary>A server whose requests have little time.</summary>
public sealed class HurriedServer : ApiServerFixture
{
    protected override ApiServerOptions Configure(ApiServerOptions options) => options with { RequestTimeout = TimeSpan.FromSeconds(3) };
}

/// <summary>What a client sees of the time that requests have.</summary>
public sealed class RequestTimeoutTests(HurriedServer server) : IClassFixture<HurriedServer>
{
    [Fact]
    public async Task Body_ThatDoesNotCome_IsNotWaitedForLonger()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/namespaces/default/configmaps") { Content = new Trickle() };
        using var response = await server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.GatewayTimeout, text);
        Assert.Contains("\"reason\":\"Timeout\"", text, StringComparison.Ordinal);
        Assert.Contains("Timeout: request did not complete within the allotted timeout", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_HasNoSuchTime()
    {
        using var response = await server.Admin.GetAsync("/api/v1/namespaces/default/secrets?watch=true&timeoutSeconds=5", HttpCompletionOption.ResponseHeadersRead);
        var begun = TimeProvider.System.GetTimestamp();
        Assert.Equal("", await response.Content.ReadAsStringAsync());
        Assert.True(TimeProvider.System.GetElapsedTime(begun) > TimeSpan.FromSeconds(4));
    }

    /// <summary>A body that comes a little at a time, fast enough for the server, and for longer than the server waits.</summary>
    private sealed class Trickle : HttpContent
    {
        public Trickle() => Headers.ContentType = new("application/json");

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            await stream.WriteAsync("{\"data\":{\"a\":\""u8.ToArray());
            for (var i = 0; i < 45 && await timer.WaitForNextTickAsync(); i++)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(new string('x', 100)));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
