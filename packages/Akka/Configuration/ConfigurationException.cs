using Akka.Actor;

namespace Akka.Configuration;

/// <summary>A setting that is missing or makes no sense.</summary>
public class ConfigurationException : AkkaException
{
    public ConfigurationException(string message, Exception exception = null) : base(message, exception) { }
}
