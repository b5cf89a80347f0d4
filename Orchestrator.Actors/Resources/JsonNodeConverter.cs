using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Actors.Resources;

/// <summary>Makes a tree part of what JsonSerializer writes and reads: it stands there as the JSON that it is.</summary>
internal sealed class JsonNodeConverter : JsonConverterFactory
{
    public override bool CanConvert(Type typeToConvert) => typeof(JsonNode).IsAssignableFrom(typeToConvert);

    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeToConvert))!;

    private sealed class Of<T> : JsonConverter<T> where T : JsonNode
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            ObjectJson.Read(ref reader) switch
            {
                null => null,
                T node => node,
                var other => throw new JsonException($"a JSON value of the kind {other.GetValueKind()} stands where a {typeof(T).Name} should"),
            };

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => value.WriteTo(writer);
    }
}
