using System.Text;
using Orchestrator.Actors.Schemas.Discovery;
using Orchestrator.Actors.Schemas.OpenApi;

namespace Orchestrator.Actors.Tests.Schemas.OpenApi;

/// <summary>Documents of other servers, which have parts of Swagger that ours do without. Numbers are those of OpenAPIv2.proto.</summary>
public sealed class RemoteOpenApiTests
{
    private const string Swagger =
        """
        {"swagger":"2.0","host":"wardle","basePath":"/","schemes":["https"],"unheard-of":{"a":1},"x-origin":{"b":2},
         "info":{"title":"t","version":"1","description":"d","license":{"name":"free"},"contact":{"email":"e@example.com"}},
         "tags":[{"name":"wardle"}],"externalDocs":{"url":"https://example.com"},
         "securityDefinitions":{"basic":{"type":"basic"},"oauth":{"type":"oauth2","flow":"accessCode","authorizationUrl":"https://a","tokenUrl":"https://t","scopes":{"read":"to read"}}},
         "parameters":{"shared":{"in":"header","name":"X-A","type":"array","items":{"type":"string","maxLength":3}}},
         "paths":{"/other":{},"/apis/wardle/v1/a":{"get":{"summary":"s","deprecated":true,"parameters":[{"$ref":"#/parameters/shared"},{"in":"query","name":"q","type":"string","allowEmptyValue":true,"enum":["x"]},{"in":"formData","name":"f","type":"file"}],
          "responses":{"200":{"description":"ok","schema":{"type":"file"},"headers":{"X-B":{"type":"integer","description":"b"}}},"201":{"description":"made","schema":{"$ref":"#/definitions/A"}},"404":{"$ref":"#/responses/none"}}}}},
         "definitions":{"A":{"type":["object","null"],"title":"A","allOf":[{"$ref":"#/definitions/B"}],"additionalProperties":true,"example":{"k":1},"description":5}}}
        """;

    private static readonly OpenApiV2 Merged = RemoteOpenApi.MergeV2(new OpenApiV2([], []), [new RemoteOpenApi("wardle", "v1", Encoding.UTF8.GetBytes(Swagger), null)]);

    private static readonly byte[] Message = Merged.Protobuf.Body.ToArray();

    [Theory]
    [InlineData("2.0", 1)]
    [InlineData("/apis/wardle/v1/a", 8, 2, 1)]
    [InlineData("s", 8, 2, 2, 2, 2)]
    [InlineData("X-A", 8, 2, 2, 2, 8, 1, 2, 1, 4)]
    [InlineData("string", 8, 2, 2, 2, 8, 1, 2, 1, 7, 1)]
    [InlineData("q", 8, 2, 2, 2, 8, 1, 2, 3, 4)]
    [InlineData("\"x\"", 8, 2, 2, 2, 8, 1, 2, 3, 21, 2)]
    [InlineData("f", 8, 2, 2, 2, 8, 1, 2, 2, 4)]
    [InlineData("file", 8, 2, 2, 2, 9, 1, 2, 1, 2, 2, 6)]
    [InlineData("b", 8, 2, 2, 2, 9, 1, 2, 1, 3, 1, 2, 18)]
    [InlineData("#/responses/none", 8, 2, 2, 2, 9, 1, 2, 2, 1)]
    [InlineData("object null object", 9, 1, 2, 22, 1)]
    [InlineData("#/definitions/B", 9, 1, 2, 24, 1)]
    [InlineData("""{"k":1}""", 9, 1, 2, 30, 2)]
    [InlineData("header", 13, 1, 2, 2, 3)]
    public void Merged_AsProtobuf_KeepsEveryPartOfPathsAndDefinitions(string expected, params int[] path)
    {
        IEnumerable<byte[]> messages = [Message];
        foreach (var field in path) messages = messages.SelectMany(m => ProtobufFields.Of(m, field));
        Assert.Equal(expected, string.Join(' ', messages.Select(Encoding.UTF8.GetString)));
    }

    [Fact]
    public void ToProtobuf_LeavesOutOnlyWhatCannotBeSaid()
    {
        var schema = ProtobufFields.Of(Message, 9).SelectMany(static d => ProtobufFields.Of(d, 1)).SelectMany(static n => ProtobufFields.Of(n, 2)).First();
        Assert.Equal(1UL, ProtobufFields.Varints(ProtobufFields.Of(schema, 21).Single(), 2).Single());
        Assert.DoesNotContain(ProtobufFields.All(schema), static f => f.Field == 4);
    }
}
