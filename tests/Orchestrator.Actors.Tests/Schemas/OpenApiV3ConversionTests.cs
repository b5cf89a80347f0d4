using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.OpenApi;

namespace Orchestrator.Actors.Tests.Schemas;

/// <summary>What a server says in OpenAPI 2 says the same in OpenAPI 3.</summary>
public sealed class OpenApiV3ConversionTests
{
    [Fact]
    public void ParametersBodiesAndAnswers_TakeTheirNewPlaces()
    {
        var v2 = JsonNode.Parse("""
            {"swagger":"2.0","info":{"title":"t","version":"1"},"consumes":["application/json"],"paths":{"/apis/g/v1/things/{name}":{
              "parameters":[{"name":"name","in":"path","required":true,"type":"string","uniqueItems":true,"description":"d"}],
              "put":{"operationId":"replace","x-kubernetes-action":"put","produces":["application/json","application/yaml"],
                "parameters":[{"name":"body","in":"body","required":true,"schema":{"$ref":"#/definitions/Thing"}},{"name":"limit","in":"query","type":"integer","format":"int64"}],
                "responses":{"200":{"description":"OK","schema":{"$ref":"#/definitions/Thing"}},"401":{"description":"Unauthorized"}}}}},
             "definitions":{"Thing":{"type":"object","properties":{"next":{"$ref":"#/definitions/Thing"},"gone":{"$ref":"#/definitions/Missing"}}}}}
            """)!.AsObject();
        Assert.Null(OpenApiV3Conversion.Convert(v2, "/apis/g/v2"));
        var path = OpenApiV3Conversion.Convert(v2, "/apis/g/v1")!;
        Assert.Equal("""
            {"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{"/apis/g/v1/things/{name}":{"parameters":[{"name":"name","in":"path","required":true,"description":"d","schema":{"type":"string","uniqueItems":true}}],"put":{"operationId":"replace","x-kubernetes-action":"put","parameters":[{"name":"limit","in":"query","schema":{"type":"integer","format":"int64"}}],"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}}},"required":true},"responses":{"200":{"description":"OK","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Thing"}},"application/yaml":{"schema":{"$ref":"#/components/schemas/Thing"}}}},"401":{"description":"Unauthorized"}}}}},"components":{"schemas":{"Thing":{"type":"object","properties":{"next":{"$ref":"#/components/schemas/Thing"},"gone":{"$ref":"#/components/schemas/Missing"}}},"Missing":{"type":"object"}}}}
            """.Trim(), path.ToJsonString());
    }
}
