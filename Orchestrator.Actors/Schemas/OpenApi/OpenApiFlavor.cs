namespace Orchestrator.Actors.Schemas.OpenApi;

/// <summary>Which OpenAPI a schema is written for. They differ in where definitions are, and in what a schema can say.</summary>
internal enum OpenApiFlavor
{
    /// <summary>OpenAPI 2.0 (Swagger): no unions, no nullable; references may stand beside a description.</summary>
    V2,

    /// <summary>OpenAPI 3.0.</summary>
    V3,
}
