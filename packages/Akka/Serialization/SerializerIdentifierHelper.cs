using Akka.Actor;
using Akka.Configuration;
using Akka.Util;

namespace Akka.Serialization;

/// <summary>The numbers that the configuration gives to serializers.</summary>
public static class SerializerIdentifierHelper
{
    internal const string Key = "akka.actor.serialization-identifiers";

    /// <exception cref="ConfigurationException">The configuration has no number for the type.</exception>
    public static int GetSerializerIdentifierFromConfig(Type type, ExtendedActorSystem system)
    {
        if (system.Settings.Config.GetConfig(Key) is { } identifiers)
        {
            foreach (var (name, value) in identifiers.AsEnumerable())
                if (IsNameOf(name, type))
                    return value.GetInt();
        }

        throw new ConfigurationException(
            $"The serializer [{type.TypeQualifiedName()}] has no identifier: override Identifier or set {Key}.\"{type.TypeQualifiedName()}\"");
    }

    private static bool IsNameOf(string name, Type type)
    {
        var parts = name.Split(',', 3, StringSplitOptions.TrimEntries);
        return parts[0] == type.FullName && (parts.Length == 1 || parts[1] == type.Assembly.GetName().Name);
    }
}
