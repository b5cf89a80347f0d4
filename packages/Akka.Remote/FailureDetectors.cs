using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Makes the configured failure detectors.</summary>
internal static class FailureDetectors
{
    /// <exception cref="ConfigurationException">The class is unknown, or lacks the constructor (Config, EventStream).</exception>
    public static FailureDetector Create(string className, Config config, ActorSystem system)
    {
        if (string.IsNullOrEmpty(className))
            return new PhiAccrualFailureDetector(config, system.EventStream);
        var type = Type.GetType(className) ?? throw new ConfigurationException($"The failure detector '{className}' is no known type.");
        if (type == typeof(PhiAccrualFailureDetector))
            return new PhiAccrualFailureDetector(config, system.EventStream);
        try
        {
            return (FailureDetector)Activator.CreateInstance(type, config, system.EventStream)!;
        }
        catch (Exception e) when (e is MissingMethodException or InvalidCastException)
        {
            throw new ConfigurationException($"The failure detector '{className}' needs a constructor (Config, EventStream).", e);
        }
    }
}
