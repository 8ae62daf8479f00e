using NetTopologySuite.Geometries.Prepared;
using Shape = NetTopologySuite.Geometries.Geometry;

namespace Milvus.Expressions.Geometry;

internal enum SpatialRelation
{
    Equals,
    Touches,
    Overlaps,
    Crosses,
    Contains,
    Intersects,
    Within,
}

/// <summary>relation(field, constant) in the plane, as OGC 06-103r4 defines the relations.</summary>
internal sealed class RelationTest : GeometryTest
{
    private readonly SpatialRelation _relation;
    private readonly Shape _constant;
    private readonly IPreparedGeometry _prepared;
    private readonly string _text;

    public RelationTest(SpatialRelation relation, string wkt)
    {
        _relation = relation;
        _text = wkt;
        _constant = Parse(wkt);
        _prepared = PreparedGeometryFactory.Prepare(_constant);
        var box = _constant.EnvelopeInternal;
        // Two empty geometries are equal; all other relations need a common point.
        Bounds = box.IsNull ? relation == SpatialRelation.Equals ? GeometryBox.Everything : GeometryBox.Empty : new GeometryBox(box.MinX, box.MinY, box.MaxX, box.MaxY);
    }

    public override GeometryBox Bounds { get; }

    public override string ToString() => $"st_{_relation.ToString().ToLowerInvariant()} \"{_text}\"";

    protected override bool IsMatch(Shape field, in GeometryBox box) => _relation switch
    {
        SpatialRelation.Equals => field.EqualsTopologically(_constant),
        // The constant is prepared once; relations that read the same from both sides are asked of it.
        SpatialRelation.Touches => _prepared.Touches(field),
        SpatialRelation.Overlaps => _prepared.Overlaps(field),
        SpatialRelation.Crosses => field.Crosses(_constant),
        SpatialRelation.Contains => _prepared.Within(field),
        SpatialRelation.Intersects => _prepared.Intersects(field),
        _ => _prepared.Contains(field),
    };
}
