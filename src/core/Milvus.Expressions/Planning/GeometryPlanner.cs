using Milvus.Expressions.Columns;
using Milvus.Expressions.Geometry;
using Milvus.Expressions.Predicates;
using Milvus.Expressions.Syntax;
using Milvus.Model;

namespace Milvus.Expressions.Planning;

/// <summary>The st_* functions.</summary>
internal sealed class GeometryPlanner(Planner planner, NameResolver names)
{
    public GeometryLeaf Plan(CallNode call)
    {
        var name = call.Name.ToLowerInvariant();
        var field = names.Declared(call.Arguments[0]);
        if (field.Type != DataType.Geometry)
            throw new FilterError($"{name} operation are only supported on geometry fields, got: {Literals.TypeName(field.Type)}");
        GeometryTest test = call.Function switch
        {
            TokenKind.SpatialIsValid => new ValidGeometryTest(),
            TokenKind.SpatialWithin => new DistanceTest(Text(call, name), Distance(call)),
            _ => new RelationTest(Enum.Parse<SpatialRelation>(name.AsSpan("st_".Length), ignoreCase: true), Text(call, name)),
        };
        return new GeometryLeaf(new ColumnRef(field), test);
    }

    private string Text(CallNode call, string name)
    {
        var operand = planner.Constant(call.Arguments[1], text => $"{name} needs a geometry as well-known text, but got: {text}");
        return operand.Value is Literal.Text text
            ? text.Value
            : throw new FilterError($"{name} needs a geometry as well-known text, but got: {planner.TextOf(call.Arguments[1])}");
    }

    private double Distance(CallNode call)
    {
        var argument = call.Arguments[2];
        var operand = planner.Constant(argument, text => $"st_dwithin needs a constant distance, but got: {text}");
        if (operand.Template is not null || !Literals.IsNumber(operand.Value))
            throw new FilterError($"st_dwithin needs a constant distance, but got: {planner.TextOf(argument)}");
        var metres = Literals.ToDouble(operand.Value);
        return metres >= 0 ? metres : throw new FilterError($"st_dwithin distance must not be negative, but got: {planner.TextOf(argument)}");
    }
}
