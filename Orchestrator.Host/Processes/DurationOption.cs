using System.CommandLine;
using Orchestrator.Actors.Kinds;

namespace Orchestrator.Host.Processes;

/// <summary>Flags that take a time as Go writes it, such as 30s or 1h30m, and tell their default so too.</summary>
internal static class DurationOption
{
    /// <param name="name">Of the flag.</param>
    /// <param name="description">What it is for; the default follows.</param>
    /// <param name="whenMissing">The default, as it is told; whoever reads the flag knows it as a number.</param>
    /// <param name="zero">Whether no time at all makes sense.</param>
    public static Option<TimeSpan?> Of(string name, string description, string whenMissing, bool zero = true) => new(name)
    {
        Description = $"{description} Default: {whenMissing}.",
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (GoDuration.Parse(text, out _) is { } time && (zero ? time >= TimeSpan.Zero : time > TimeSpan.Zero)) return time;
            result.AddError($"{name} takes a time{(zero ? "" : " above 0")} such as 30s or 2m, not \"{text}\".");
            return null;
        },
    };
}
