using Orchestrator.Actors.Controllers;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Tests.Processes;

/// <summary>The keys under <c>orchestrator.controllers</c>: their defaults, and values that are refused in one sentence.</summary>
public sealed class ControllerConfigurationTests
{
    [Theory]
    [InlineData("up"), InlineData("seed")]
    public void Defaults_AreThoseOfTheRecord(string process) =>
        Assert.Equal(new ControllerSettings { HostName = "h", SchedulerSeed = 3 }, Configuration.Load(process, null, "").Controllers("h", 3));

    [Fact]
    public void Values_AreRead()
    {
        var settings = Load("shards = 8, retry-min = 1s, node-grace-period = 3m");
        Assert.Equal((8, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(3)), (settings.Shards, settings.RetryMin, settings.NodeGracePeriod));
    }

    [Theory]
    [InlineData("shards = 0", "The configuration under orchestrator.controllers is not valid: shards must be between 1 and 10000, and is 0.")]
    [InlineData("retry-min = 1m", "The configuration under orchestrator.controllers is not valid: retry-max must not be shorter than retry-min, and is 00:00:30 to its 00:01:00.")]
    [InlineData("idle-after = 0s", "The configuration under orchestrator.controllers is not valid: idle-after must be longer than nothing, and is 00:00:00.")]
    public void BadValues_AreRefusedInOneSentence(string text, string message) =>
        Assert.Equal(message, Assert.Throws<StartException>(() => Load(text)).Message);

    [Theory]
    [InlineData("shards = many"), InlineData("cache-deadline = soon")]
    public void Nonsense_IsRefused(string text) =>
        Assert.StartsWith("The configuration under orchestrator.controllers is not valid: ", Assert.Throws<StartException>(() => Load(text)).Message, StringComparison.Ordinal);

    private static ControllerSettings Load(string text) =>
        Configuration.Load("seed", null, $"orchestrator.controllers {{ {text} }}").Controllers("h", 0);
}
